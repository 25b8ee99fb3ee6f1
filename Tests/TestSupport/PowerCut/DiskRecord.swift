import LinuxIO

/// What the recorder wrote: changes and syncs below one directory, in order.
package struct DiskRecord: Sendable {
    /// What was done to a file, a directory or a name.
    package enum Operation: Sendable {
        case write(offset: Int, bytes: ArraySlice<UInt8>)
        case truncate(Int)
        case sync
        case syncDirectory
        case makeDirectory
        case unlink
        case rename(to: String)
    }

    /// A program or a record that is not as it should be.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// One operation, and where.
    package struct Step: Sendable {
        /// Below the recorded directory.
        package let path: String
        /// What was done there.
        package let operation: Operation
    }

    /// The steps that touch the disk.
    package private(set) var steps: [Step] = []
    /// What the scenario acknowledged, each with the number of steps that were done by then.
    package private(set) var marks: [(after: Int, text: String)] = []

    /// The same of a program that leaves some steps out.
    package func without(_ isLeftOut: (Step) -> Bool) -> DiskRecord {
        var record = self
        let places = steps.reduce(into: [0]) { $0.append($0[$0.count - 1] + (isLeftOut($1) ? 0 : 1)) }
        record.steps.removeAll(where: isLeftOut)
        record.marks = marks.map { (places[$0.after], $0.text) }
        return record
    }

    /// Reads a record; see Tests/PowerRecorder/recorder.c for its form.
    package init(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let fields = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ", maxSplits: 3)
            rest = rest[(end + 1)...]
            guard fields.count == 4, let offset = Int(fields[1]), let length = Int(fields[2]), length <= rest.count
            else { throw Failure(description: "a broken record: \(fields)") }
            let (path, data) = (String(fields[3]), rest.prefix(length))
            rest = rest.dropFirst(length)
            if path == "marks" {
                guard fields[0] == "write" else { continue }
                let text = String(decoding: data.dropLast(), as: UTF8.self)
                marks.append((steps.count, text))
                continue
            }
            let operation: Operation =
                switch fields[0] {
                case "write": .write(offset: offset, bytes: data)
                case "truncate": .truncate(offset)
                case "sync": .sync
                case "syncdir": .syncDirectory
                case "mkdir": .makeDirectory
                case "unlink": .unlink
                case "rename": .rename(to: String(decoding: data, as: UTF8.self))
                default: throw Failure(description: "an unknown record: \(fields)")
                }
            steps.append(Step(path: path, operation: operation))
        }
    }
}
