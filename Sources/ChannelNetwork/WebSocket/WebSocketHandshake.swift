import COpenSSL
import Core

/// The opening handshake of one connection (RFC 6455 §4.1) as text, without I/O.
struct WebSocketHandshake: Sendable {
    /// Longest answer head that is read, in bytes.
    static let headLimit = 16 << 10
    private static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    let address: WebAddress
    let subprotocol: String?
    /// 16 random bytes in base64.
    let key: String
    /// The request to send.
    let request: [UInt8]

    /// Throws `invalidURL` for a header that would break the request.
    init(
        _ address: WebAddress,
        headers: HeaderList,
        subprotocol: String?,
        key: String = Base64.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    ) throws(NetworkError) {
        self.address = address
        self.subprotocol = subprotocol
        self.key = key
        var fields = headers
        fields["Host"] = address.authority
        fields["Upgrade"] = "websocket"
        fields["Connection"] = "Upgrade"
        fields["Sec-WebSocket-Key"] = key
        fields["Sec-WebSocket-Version"] = "13"
        if let subprotocol { fields["Sec-WebSocket-Protocol"] = subprotocol }
        var text = "GET \(address.target) HTTP/1.1\r\n"
        for field in fields {
            guard Self.isToken(field.name), field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else {
                throw NetworkError(.invalidURL, "A header field of a WebSocket cannot be sent: write it in one line")
            }
            text += "\(field.name): \(field.value)\r\n"
        }
        request = Array((text + "\r\n").utf8)
    }

    /// Checks the answer's head, without its empty line; throws when the connection is no WebSocket.
    func check(_ head: some Collection<UInt8>) throws(NetworkError) {
        let (status, fields) = try read(String(decoding: head, as: UTF8.self))
        guard status == 101 else {
            throw NetworkError(
                .upgradeRefused(status: status),
                "\(address.origin) refuses the WebSocket with status \(status)"
            )
        }
        let options = fields.all("connection").flatMap { $0.split(separator: ",") }.map {
            String($0).trimmed.lowercased()
        }
        guard fields["upgrade"]?.lowercased() == "websocket", options.contains("upgrade"),
            fields.all("sec-websocket-accept") == [try expectedAccept]
        else { throw broken("its answer to the handshake does not fit") }
        guard fields["sec-websocket-extensions"] == nil else { throw broken("it uses an extension nobody asked for") }
        guard fields["sec-websocket-protocol"] == subprotocol else { throw broken("it speaks another subprotocol") }
    }

    private func read(_ text: String) throws(NetworkError) -> (Int, HeaderList) {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let status = Int(words[1]),
            (100...599).contains(status)
        else { throw broken("its answer is no HTTP") }
        var fields = HeaderList()
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isToken(String(parts[0])) else { throw broken("its answer is no HTTP") }
            fields.add(String(parts[0]), String(parts[1]).trimmed)
        }
        return (status, fields)
    }

    private var expectedAccept: String {
        get throws(NetworkError) {
            var digest = [UInt8](repeating: 0, count: 20)
            let bytes = Array((key + Self.guid).utf8)
            guard EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil) == 1 else {
                throw NetworkError(.protocolViolation, "libcrypto makes no SHA-1 digest")
            }
            return Base64.encode(digest)
        }
    }

    private func broken(_ reason: String) -> NetworkError {
        NetworkError(.protocolViolation, "\(address.origin) is no WebSocket: \(reason)")
    }

    /// A field name (RFC 9110 §5.6.2).
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
