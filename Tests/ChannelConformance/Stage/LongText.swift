/// A long text in Markdown whose words are numbered, so that what is missing, doubled or out of order shows whatever the
/// platform makes of the markup.
struct LongText {
    /// The Markdown.
    let source: String
    /// How many numbered words it has, from `w00000` on.
    let wordCount: Int

    /// A text of at least so many bytes: paragraphs, emoji, lists, code, links, quotes and tables in turn.
    init(bytes: Int) {
        var builder = Builder()
        var size = 0
        var round = 0
        var blocks: [String] = []
        while size < bytes {
            let block = builder.block(round)
            size += block.utf8.count + 2
            blocks.append(block)
            round += 1
        }
        source = blocks.joined(separator: "\n\n")
        wordCount = builder.next
    }

    /// What is wrong with the visible texts of the parts, in words.
    func faults(in parts: [String]) -> [String] {
        var faults: [String] = []
        let numbers = parts.flatMap(Self.numbers)
        if numbers.count != wordCount { faults.append("there are \(numbers.count) of \(wordCount) words") }
        if let place = numbers.indices.first(where: { numbers[$0] != $0 }) {
            faults.append("word \(place) is missing, doubled or out of order: there is \(numbers[place])")
        }
        let characters = Self.clusterCounts(in: parts)
        if characters != Self.clusterCounts(in: [source]) {
            faults.append("characters of several scalars are not whole: there are \(characters)")
        }
        return faults
    }

    /// How often each character of ``SampleText/clusters`` stands in the texts.
    private static func clusterCounts(in texts: [String]) -> [Character: Int] {
        let clusters = Set(SampleText.clusters.map(Character.init))
        var counts: [Character: Int] = [:]
        for text in texts {
            for character in text where clusters.contains(character) { counts[character, default: 0] += 1 }
        }
        return counts
    }

    private struct Builder {
        var next = 0

        mutating func word() -> String {
            defer { next += 1 }
            return "w" + SampleText.padded(next)
        }

        mutating func words(_ count: Int) -> String { (0..<count).map { _ in word() }.joined(separator: " ") }

        mutating func block(_ round: Int) -> String {
            switch round % 7 {
            case 0: "## \(words(3))"
            case 1:
                (0..<6).map { index in
                    let cluster = SampleText.clusters[(round + index) % SampleText.clusters.count]
                    return "\(words(9)) **\(words(2))** \(cluster) \(words(4))."
                }.joined(separator: " ")
            case 2: (0..<8).map { _ in "- \(words(7))" }.joined(separator: "\n")
            case 3: "```swift\n" + (0..<30).map { _ in "let \(words(4)) = 1" }.joined(separator: "\n") + "\n```"
            case 4:
                "\(words(10)) [\(words(3))](https://example.org/page?number=\(round)) \(words(8)), then "
                    + "https://example.org/\(round) \(words(12))."
            case 5: "> \(words(20))"
            default:
                "| head |  |\n| --- | --- |\n"
                    + (0..<12).map { _ in "| \(words(2)) | \(words(3)) |" }.joined(separator: "\n")
            }
        }
    }

    /// The numbers of the words in a text, in order.
    static func numbers(in text: String) -> [Int] {
        var numbers: [Int] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index + 6 <= bytes.count {
            let digits = bytes[index + 1..<index + 6]
            guard bytes[index] == UInt8(ascii: "w"), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
                index += 1
                continue
            }
            numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
            index += 6
        }
        return numbers
    }
}
