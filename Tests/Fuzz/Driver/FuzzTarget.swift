import Glibc

/// A parser with the properties that hold for every input.
protocol FuzzTarget {
    /// What `./nanoclaw.sh fuzz` calls it; also the name of its folder in `corpus/`.
    static var name: String { get }
    init() throws
    /// Feeds one input and checks the properties; ends the process with ``violated(_:)`` when one does not hold.
    func run(_ input: [UInt8])
}

/// Ends the process in the way that libFuzzer takes for a find.
func violated(_ property: String) -> Never {
    let line = Array("PROPERTY VIOLATED: \(property)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    abort()
}

/// Checks one property.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
    if !holds { violated(property()) }
}

/// Takes numbers and texts from an input, so that its bytes decide everything and nothing else does.
struct Choices {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// The next byte; 0 behind the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int {
        let number = bound <= 256 ? Int(byte()) : Int(byte()) << 8 | Int(byte())
        return number % max(bound, 1)
    }

    /// Eight bytes, or one of the numbers at which arithmetic goes wrong.
    mutating func integer() -> Int64 {
        let edges: [Int64] = [0, 1, -1, 7, 1 << 31, 1 << 53, .max, .min, .max - 1]
        let kind = Int(byte())
        if kind < edges.count { return edges[kind] }
        return (0..<8).reduce(0) { number, _ in number << 8 | Int64(byte()) }
    }

    /// Up to `most` bytes, as many as the next byte (or two) says and there are.
    mutating func bytes(_ most: Int = 255) -> [UInt8] {
        let count = min(most > 255 ? below(most + 1) : Int(byte()), most, rest.count)
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Text of up to `most` bytes; what is no UTF-8 is replaced.
    mutating func text(_ most: Int = 255) -> String { String(decoding: bytes(most), as: UTF8.self) }

    mutating func optionalText() -> String? { flag() ? text() : nil }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// All that is left.
    mutating func remainder() -> [UInt8] {
        defer { rest = [] }
        return Array(rest)
    }

    /// Cuts bytes into pieces whose lengths these choices decide.
    mutating func pieces(of bytes: [UInt8], count: Int) -> [ArraySlice<UInt8>] {
        var cuts = (0..<count).map { _ in below(bytes.count + 1) }
        cuts.sort()
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            pieces.append(bytes[start..<cut])
            start = cut
        }
        return pieces
    }
}
