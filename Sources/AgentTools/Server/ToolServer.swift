import Core
import FoundationEssentials
import Glibc
package import LinuxIO

/// The process in the tool tier that touches files for the runner: frames on standard input, replies on standard
/// output, one after the other, until the input ends.
package struct ToolServer {
    private let files: FileOperations
    private let memory: MemoryFolder
    private let skills: SkillFolders

    /// A server for these two directories; relative paths start at `agent`.
    package init(agent: String, instructions: String) {
        files = FileOperations(root: agent)
        memory = MemoryFolder(path: agent + "/memory")
        skills = SkillFolders(paths: [instructions + "/skills", agent + "/skills"])
    }

    /// Serves until the input ends.
    ///
    /// Answers the exit status: 0, or 1 when the pipes broke.
    package func serve(input: Descriptor, output: Descriptor) -> Int32 {
        while true {
            do {
                guard let head = try input.exactly(4) else { return 0 }
                guard let body = try input.exactly(try ServerFrame.length(head)) else { return 1 }
                var bytes: [UInt8] = []
                var reply = answer(body, &bytes)
                reply.byteCount = bytes.count
                try output.write(ServerFrame.encode(try JSONText.data(reply)))
                try output.write(bytes)
            } catch {
                return 1
            }
        }
    }

    /// One request; `bytes` takes what follows the reply.
    func answer(_ body: [UInt8], _ bytes: inout [UInt8]) -> FileReply {
        do {
            return FileReply(try perform(try JSONText.decode(FileRequest.self, body), &bytes))
        } catch {
            return FileReply("\(error)", isError: true)
        }
    }

    private func perform(_ request: FileRequest, _ bytes: inout [UInt8]) throws -> String {
        switch request {
        case .read(let path, let offset, let lines, let limit):
            return try files.read(path, offset: offset, lines: lines, limit: limit)
        case .write(let path, let text):
            return try files.write(path, text)
        case .append(let path, let data, let limit):
            try files.append(path, Array(data), limit: limit)
            return ""
        case .edit(let path, let old, let new, let all):
            return try files.edit(path, old: old, new: new, all: all)
        case .glob(let pattern, let path, let limit):
            return try Glob(pattern: pattern).text(below: files.absolute(path), limit: limit)
        case .fetch(let path, let limit):
            bytes = try files.contents(path, limit: limit)
            return ""
        case .remember(let text, let topic, let provenance):
            return try memory.remember(text, topic: topic, provenance: provenance)
        case .recall(let words, let limit):
            return try memory.recall(words, limit: limit)
        case .skill(let name):
            return try skills.body(name)
        }
    }
}

extension Descriptor {
    /// Exactly that many bytes; nil when the input ends before the first.
    fileprivate func exactly(_ count: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try read(upTo: min(count - bytes.count, 1 << 20))
            if part.isEmpty {
                if bytes.isEmpty { return nil }
                throw Errno(EPIPE, "read")
            }
            bytes += part
        }
        return bytes
    }
}
