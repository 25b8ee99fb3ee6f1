/// The beginning of a list of runs as one text, so that characters which begin in one run and end in the next are seen.
struct RunWindow {
    private let runs: ArraySlice<InlineRun>
    let bytes: [UInt8]
    /// Where links stand in it.
    let links: [Range<Int>]

    /// The runs up to about so many bytes; a link at the end is taken whole.
    init(_ runs: [InlineRun], bytes limit: Int) {
        var bytes: [UInt8] = []
        var links: [Range<Int>] = []
        var end = 0
        while end < runs.count,
            bytes.count < limit || (end > 0 && runs[end].link != nil && runs[end].link == runs[end - 1].link)
        {
            let run = runs[end]
            let start = bytes.count
            var text = run.text
            text.withUTF8 { bytes.append(contentsOf: $0) }
            if run.link != nil {
                if let last = links.last, last.upperBound == start, end > 0, runs[end - 1].link == run.link {
                    links[links.count - 1] = last.lowerBound..<bytes.count
                } else {
                    links.append(start..<bytes.count)
                }
            } else if bytes.count > limit {
                var cut = limit
                while cut > start, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
                bytes.removeLast(bytes.count - cut)
            }
            end += 1
        }
        self.runs = runs[..<end]
        self.bytes = bytes
        self.links = links
    }

    /// The runs that make up its first so many bytes.
    func runs(upTo count: Int) -> [InlineRun] {
        var left = count
        var result: [InlineRun] = []
        for run in runs where left > 0 {
            let size = run.text.utf8.count
            if size <= left {
                result.append(run)
            } else {
                var part = run
                part.text = String(decoding: run.text.utf8.prefix(left), as: UTF8.self)
                result.append(part)
            }
            left -= min(size, left)
        }
        return result
    }

    /// The runs behind so many bytes, without white space at their beginning.
    static func rest(of runs: [InlineRun], from count: Int) -> [InlineRun] {
        var left = count
        var index = 0
        while index < runs.count, runs[index].text.utf8.count <= left {
            left -= runs[index].text.utf8.count
            index += 1
        }
        var rest = Array(runs[index...])
        if left > 0, !rest.isEmpty { rest[0].text = String(decoding: rest[0].text.utf8.dropFirst(left), as: UTF8.self) }
        while let first = rest.first, !first.marks.contains(.code) {
            let kept = first.text.unicodeScalars.drop(while: VisibleText.isSpace)
            guard kept.isEmpty else {
                if kept.startIndex != first.text.startIndex { rest[0].text = String(kept) }
                break
            }
            rest.removeFirst()
        }
        return rest
    }

    /// The runs with the link at their beginning shown as text and its target; nil when there is none.
    static func withoutFirstLink(_ runs: [InlineRun]) -> [InlineRun]? {
        guard let url = runs.first?.link else { return nil }
        let end = runs.firstIndex { $0.link != url } ?? runs.count
        var plain = runs[..<end].map { InlineRun($0.text, $0.marks) }
        if !LinkTarget.isBare(plain.text, url) { plain.append(InlineRun(" (\(url))")) }
        return plain + runs[end...]
    }
}
