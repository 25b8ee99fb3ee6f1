/// Reads a mail (RFC 5322, RFC 2045, RFC 2046) that comes in pieces: what it holds is handed out as it comes, and never
/// more than a line is kept.
///
/// Nothing is refused: what follows no rule is text, or is passed over.
struct MailParser: Sendable {
    /// Bounds against hostile mail.
    enum Limit {
        /// Header fields of the mail or a part, in bytes; what is over it is passed over.
        static let header = 256 << 10
        /// Multiparts in one another.
        static let depth = 10
        /// Parts in all.
        static let parts = 200
        /// A line, in bytes; a longer one is cut into pieces.
        static let line = 64 << 10
        /// A boundary; RFC 2046 allows 70 bytes.
        static let boundary = 200
    }

    /// What was found.
    enum Event: Sendable, Equatable {
        /// The header of the whole mail is there.
        case header(HeaderBlock)
        case begin(MailPart)
        /// Decoded bytes of the part that has begun.
        case data([UInt8])
        case end
    }

    private enum State {
        case header
        case body(TransferDecoder)
        /// Outside of all parts, or in one too many.
        case between
    }

    private struct Multipart {
        var boundary: [UInt8]
        /// The alternative that parts inside belong to, if it is one or stands in one.
        var alternative: Int?
    }

    private var state = State.header
    private var line: [UInt8] = []
    /// The piece of the line that comes next is not its beginning.
    private var isContinued = false
    private var headerLines: [[UInt8]] = []
    private var headerSize = 0
    private var stack: [Multipart] = []
    private var parts = 0
    private var alternatives = 0
    private var isTopHeader = true
    /// The line end that belongs to a boundary, if one follows.
    private var heldBreak: [UInt8] = []

    /// Takes the next bytes.
    mutating func feed(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: Byte.lineFeed) {
            line.append(contentsOf: rest[..<end])
            rest = rest[(end + 1)...]
            var lineEnd = [Byte.lineFeed]
            if line.last == Byte.carriageReturn {
                line.removeLast()
                lineEnd = [Byte.carriageReturn, Byte.lineFeed]
            }
            take(lineEnd, &events)
            line.removeAll(keepingCapacity: true)
            isContinued = false
        }
        while line.count + rest.count > Limit.line {
            let room = Limit.line - line.count
            line.append(contentsOf: rest.prefix(room))
            rest = rest.dropFirst(room)
            take([], &events)
            line.removeAll(keepingCapacity: true)
            isContinued = true
        }
        line.append(contentsOf: rest)
        return events
    }

    /// Takes the end of the mail.
    mutating func finish() -> [Event] {
        var events: [Event] = []
        if !line.isEmpty { take([], &events) }
        line = []
        if case .header = state { endHeader(&events) }
        endPart(&events)
        state = .between
        return events
    }

    private mutating func take(_ lineEnd: [UInt8], _ events: inout [Event]) {
        if !isContinued, let (index, isLast) = boundary() {
            if case .header = state { endHeader(&events) }
            endPart(&events)
            stack.removeSubrange((isLast ? index : index + 1)...)
            state = isLast || parts >= Limit.parts ? .between : .header
            headerLines = []
            headerSize = 0
            return
        }
        switch state {
        case .between: break
        case .header:
            if line.isEmpty, !isContinued { return endHeader(&events) }
            headerSize += line.count
            if headerSize <= Limit.header, headerLines.count < 4 * HeaderBlock.mostFields { headerLines.append(line) }
        case .body(var decoder):
            var bytes = decoder.decode(heldBreak)
            bytes += decoder.decode(line)
            heldBreak = lineEnd
            state = .body(decoder)
            Self.add(bytes, &events)
        }
    }

    /// Adds bytes to the newest event where that is possible: lines may be short.
    private static func add(_ bytes: [UInt8], _ events: inout [Event]) {
        guard !bytes.isEmpty else { return }
        guard case .data(var before)? = events.last else { return events.append(.data(bytes)) }
        events.removeLast()
        before += bytes
        events.append(.data(before))
    }

    /// Which of the open multiparts' boundaries the line is, the innermost first.
    private func boundary() -> (index: Int, isLast: Bool)? {
        guard line.count >= 3, line[0] == UInt8(ascii: "-"), line[1] == UInt8(ascii: "-") else { return nil }
        for index in stack.indices.reversed() {
            let boundary = stack[index].boundary
            guard line.dropFirst(2).starts(with: boundary) else { continue }
            var rest = line.dropFirst(2 + boundary.count)
            let isLast = rest.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")])
            if isLast { rest = rest.dropFirst(2) }
            if rest.allSatisfy(Byte.isBlank) { return (index, isLast) }
        }
        return nil
    }

    private mutating func endHeader(_ events: inout [Event]) {
        let header = HeaderBlock(lines: headerLines)
        headerLines = []
        if isTopHeader {
            isTopHeader = false
            events.append(.header(header))
        }
        let type = header["content-type"].map { ParameterField($0) }
        let kind = type?.value ?? "text/plain"
        if kind.hasPrefix("multipart/"), let boundary = type?.parameters["boundary"], !boundary.isEmpty,
            boundary.utf8.count <= Limit.boundary
        {
            state = .between
            guard stack.count < Limit.depth else { return }
            var alternative = stack.last?.alternative
            if kind == "multipart/alternative", alternative == nil {
                alternatives += 1
                alternative = alternatives
            }
            stack.append(Multipart(boundary: Array(boundary.utf8), alternative: alternative))
            return
        }
        parts += 1
        events.append(.begin(MailPart(header, type, alternative: stack.last?.alternative)))
        state = .body(TransferDecoder(header["content-transfer-encoding"]))
        heldBreak = []
    }

    private mutating func endPart(_ events: inout [Event]) {
        guard case .body(var decoder) = state else { return }
        // Before a boundary the line end is the boundary's; the mail's own last one says nothing either.
        heldBreak = []
        Self.add(decoder.finish(), &events)
        events.append(.end)
        state = .between
    }
}
