import Core

/// `application/x-www-form-urlencoded` (WHATWG URL §5.2), and percent-encoding of one part of a URL.
package enum FormEncoding {
    /// Names and values in order.
    package static func encode(_ fields: [(String, String)]) -> String {
        fields.map { "\(escape($0, space: "+"))=\(escape($1, space: "+"))" }.joined(separator: "&")
    }

    /// A text as one segment of a path or one value of a query: all but letters, digits and `-._~` becomes `%XX`.
    package static func segment(_ text: String) -> String { escape(text, space: "%20") }

    private static func escape(_ text: String, space: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x20: escaped += space
            default: escaped += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return escaped
    }
}

/// `multipart/form-data` (RFC 7578).
enum MultipartEncoding {
    /// A line that stands in no file by accident: 128 random bits.
    static func boundary() -> String {
        "nanoclaw-" + Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    }

    static func pieces(_ parts: [MultipartPart], boundary: String) throws(NetworkError) -> [RequestBody.Piece] {
        var pieces: [RequestBody.Piece] = []
        var text = ""
        for part in parts {
            text += "--\(boundary)\r\ncontent-disposition: form-data; name=\"\(quoted(part.name))\""
            if let name = part.fileName { text += "; filename=\"\(quoted(name))\"" }
            if let type = part.type {
                guard type.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                    throw NetworkError(.invalidURL, "The media type of a part must be one line of ASCII")
                }
                text += "\r\ncontent-type: \(type)"
            }
            text += "\r\n\r\n"
            switch part.content {
            case .bytes(let bytes): pieces.append(.bytes(Array(text.utf8) + bytes))
            case .file(let file, let size):
                pieces.append(.bytes(Array(text.utf8)))
                pieces.append(.file(file, size: size))
            }
            text = "\r\n"
        }
        pieces.append(.bytes(Array("\(text)--\(boundary)--\r\n".utf8)))
        return pieces
    }

    /// Escapes what would end the quotes or the line, as browsers do (WHATWG HTML, multipart/form-data encoding).
    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
