/// `text/plain; format=flowed` (RFC 3676): lines that end in a space go on in the next.
enum FlowedText {
    static func unwrapped(_ text: String, dropsSpaces: Bool) -> String {
        var lines: [String] = []
        var isOpen = false
        var openDepth = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let depth = line.prefix { $0 == ">" }.count
            var content = line.dropFirst(depth)
            if content.first == " " { content = content.dropFirst() }
            let isSignature = content == "-- "
            if isOpen, depth == openDepth, !isSignature, let last = lines.indices.last {
                lines[last] += content
            } else {
                lines.append(depth > 0 ? String(repeating: ">", count: depth) + " " + content : String(content))
            }
            isOpen = content.hasSuffix(" ") && !isSignature
            openDepth = depth
            if isOpen, dropsSpaces, let last = lines.indices.last { lines[last].removeLast() }
        }
        return lines.joined(separator: "\n")
    }
}
