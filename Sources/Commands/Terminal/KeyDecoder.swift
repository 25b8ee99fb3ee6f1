/// What a person did at the keyboard.
enum Key: Sendable, Hashable {
    case text(String)
    /// Text that was pasted, line feeds included: never a command.
    case paste(String)
    case enter, newline
    case backspace, delete
    case left, right, up, down, home, end
    case wordLeft, wordRight
    case killToEnd, killToStart, killWord
    case interrupt, endOfInput, suspend, redraw
}

/// Turns a terminal's bytes into keys, however they are split.
struct KeyDecoder: Sendable {
    private enum State {
        case ground
        case escape
        case sequence([UInt8])
        case single
        case character([UInt8], missing: Int)
        case paste([UInt8])
    }

    private var state = State.ground
    private static let pasteEnd = Array("\u{1B}[201~".utf8)
    /// What is pasted beyond this is cut off.
    private static let longestPaste = 256 * 1024

    /// The keys that these bytes complete.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes {
            guard let key = take(byte) else { continue }
            if case .text(let more) = key, case .text(let text)? = keys.last {
                keys[keys.count - 1] = .text(text + more)
            } else {
                keys.append(key)
            }
        }
        return keys
    }

    private mutating func take(_ byte: UInt8) -> Key? {
        switch state {
        case .ground: return ground(byte)
        case .escape: return escape(byte)
        case .single:
            state = .ground
            return Self.final(byte, parameters: [])
        case .sequence(var parameters):
            guard !(0x40...0x7E).contains(byte) else {
                state = .ground
                if byte == UInt8(ascii: "~"), parameters == Array("200".utf8) {
                    state = .paste([])
                    return nil
                }
                return Self.final(byte, parameters: parameters)
            }
            parameters.append(byte)
            state = parameters.count > 32 ? .ground : .sequence(parameters)
            return nil
        case .character(var bytes, let missing):
            guard byte & 0xC0 == 0x80 else {
                state = .ground
                return ground(byte)
            }
            bytes.append(byte)
            guard missing == 1 else {
                state = .character(bytes, missing: missing - 1)
                return nil
            }
            state = .ground
            return String(validating: bytes, as: UTF8.self).map { .text($0) }
        case .paste(var bytes):
            bytes.append(byte)
            if byte == UInt8(ascii: "~"), bytes.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
                state = .ground
                let text = String(
                    decoding: bytes.dropLast(Self.pasteEnd.count).prefix(Self.longestPaste),
                    as: UTF8.self
                )
                let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
                return .paste(SafeText.lines(lines))
            }
            if bytes.count > Self.longestPaste + 64 { bytes.removeSubrange(Self.longestPaste..<Self.longestPaste + 32) }
            state = .paste(bytes)
            return nil
        }
    }

    private mutating func ground(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x01: return .home
        case 0x02: return .left
        case 0x03: return .interrupt
        case 0x04: return .endOfInput
        case 0x05: return .end
        case 0x06: return .right
        case 0x08, 0x7F: return .backspace
        case 0x0A: return .newline
        case 0x0B: return .killToEnd
        case 0x0C: return .redraw
        case 0x0D: return .enter
        case 0x0E: return .down
        case 0x10: return .up
        case 0x15: return .killToStart
        case 0x17: return .killWord
        case 0x1A: return .suspend
        case 0x1B:
            state = .escape
            return nil
        case 0x20..<0x7F: return .text(String(Unicode.Scalar(byte)))
        case 0xC2..<0xE0: state = .character([byte], missing: 1)
        case 0xE0..<0xF0: state = .character([byte], missing: 2)
        case 0xF0..<0xF5: state = .character([byte], missing: 3)
        default: return nil
        }
        return nil
    }

    private mutating func escape(_ byte: UInt8) -> Key? {
        state = .ground
        switch byte {
        case UInt8(ascii: "["): state = .sequence([])
        case UInt8(ascii: "O"): state = .single
        case 0x1B: state = .escape
        case 0x0D, 0x0A: return .newline
        case UInt8(ascii: "b"): return .wordLeft
        case UInt8(ascii: "f"): return .wordRight
        case 0x7F: return .killWord
        default: break
        }
        return nil
    }

    private static func final(_ byte: UInt8, parameters: [UInt8]) -> Key? {
        let isModified = parameters.contains(UInt8(ascii: ";"))
        switch byte {
        case UInt8(ascii: "A"): return .up
        case UInt8(ascii: "B"): return .down
        case UInt8(ascii: "C"): return isModified ? .wordRight : .right
        case UInt8(ascii: "D"): return isModified ? .wordLeft : .left
        case UInt8(ascii: "H"): return .home
        case UInt8(ascii: "F"): return .end
        case UInt8(ascii: "~"):
            switch parameters.first {
            case UInt8(ascii: "1"), UInt8(ascii: "7"): return .home
            case UInt8(ascii: "4"), UInt8(ascii: "8"): return .end
            case UInt8(ascii: "3"): return .delete
            default: return nil
            }
        default: return nil
        }
    }
}
