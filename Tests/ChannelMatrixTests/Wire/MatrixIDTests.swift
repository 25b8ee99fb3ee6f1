import Core
import Testing

@testable import ChannelMatrix

@Suite("Ids of Matrix and canonical JSON")
struct MatrixIDTests {
    @Test(
        "An id goes into a platform id and comes back whole",
        arguments: ["!abc:example.org", "!K0V0w-_x", "!50%off:[::1]:8448", "!ä:b.c", "!%\u{301}:\u{301}c"]
    )
    func rooms(room: String) {
        let address = MatrixID.address(of: room, account: "@bot:example.org", thread: "$t")
        #expect(address.account == "@bot%3Aexample.org")
        #expect(address.platformID.utf8.count { $0 == UInt8(ascii: ":") } == 2)
        #expect(MatrixID.room(address, account: "@bot:example.org") == room)
        #expect(MatrixID.room(address, account: "@other:example.org") == nil)
    }

    @Test("Text that no escape makes is no id", arguments: ["a%3a", "%", "%41", "a:b"])
    func escapes(part: String) {
        #expect(MatrixID.unescaped(part) == nil)
    }

    @Test("People have a name and a server")
    func people() {
        for good in ["@a:b", "@ann/x=1:example.org:8448", "@a:[::1]"] { #expect(MatrixID.isUser(good)) }
        for bad in ["@a", "@:b", "@a:", "a:b", "@a b:c", "!a:b", "@" + String(repeating: "a", count: 255) + ":b"] {
            #expect(!MatrixID.isUser(bad))
        }
        #expect(MatrixID.server(of: "@a:example.org:8448") == "example.org:8448")
    }

    /// The examples of the specification, and what has no canonical form.
    @Test("Canonical JSON is that of the specification")
    func canonical() throws {
        func text(_ json: String) throws -> String? {
            CanonicalJSON.bytes(try JSONValue(parsing: json)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try text("{}") == "{}")
        #expect(try text(#"{"one": 1, "two": "Two"}"#) == #"{"one":1,"two":"Two"}"#)
        #expect(try text(#"{"b": "2", "a": "1"}"#) == #"{"a":"1","b":"2"}"#)
        #expect(try text(#"{"a": "日本語"}"#) == #"{"a":"日本語"}"#)
        #expect(try text(#"{"本": 2, "日": 1}"#) == #"{"日":1,"本":2}"#)
        #expect(try text(#"{"a": "\u65E5"}"#) == #"{"a":"日"}"#)
        #expect(try text(#"{"a": null, "b": [true, false, -0]}"#) == #"{"a":null,"b":[true,false,0]}"#)
        #expect(try text(#"{"a": 1.5}"#) == nil)
        let signed = try JSONValue(parsing: #"{"name": "x", "signatures": {}, "unsigned": {"age": 1}}"#)
        #expect(CanonicalJSON.signedBytes(signed) == Array(#"{"name":"x"}"#.utf8))
    }

    /// Key, signature and object of the specification's appendix, "Signing details" test vectors.
    @Test("A signature of the specification's test vector holds, and no other")
    func signature() throws {
        let key = "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI"
        let signature = "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"
        #expect(Olm.isSigned(Array("{}".utf8), by: key, signature: signature))
        #expect(!Olm.isSigned(Array("{ }".utf8), by: key, signature: signature))
        #expect(!Olm.isSigned(Array("{}".utf8), by: key, signature: String(signature.dropLast())))
        #expect(!Olm.isSigned(Array("{}".utf8), by: "AAAA", signature: signature))
    }
}
