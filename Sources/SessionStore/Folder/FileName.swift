/// Names for files that share a directory.
package enum FileName {
    /// The name itself, or with `-2`, `-3`, … before its ending when it is taken.
    package static func free(_ name: String, among taken: Set<String>) -> String {
        guard taken.contains(name) else { return name }
        let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 } ?? name.endIndex
        var number = 2
        while taken.contains("\(name[..<dot])-\(number)\(name[dot...])") { number += 1 }
        return "\(name[..<dot])-\(number)\(name[dot...])"
    }
}
