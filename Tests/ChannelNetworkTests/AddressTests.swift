import ChannelNetwork
import Core
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::101:101",
    ])
    func `an ordinary address is public`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:1.1.1.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:1ff::1", "2001:db8::1",
        "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1",
        "ff02::1", "4000::1",
    ])
    func `T52 a special-purpose address is not public, wrapped or bare`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isPublic)
    }

    @Test(arguments: ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "fe80::1%eth0", "", "1.2.3.4.5", "[::1]"])
    func `other spellings are no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0"])
    func `neighbours of special blocks are public`(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        ("https://Example.COM", "https://example.com/"), ("http://h:80/a?b=c#d", "http://h/a?b=c"),
        ("https://h:443", "https://h/"), ("https://h:8443/x", "https://h:8443/x"), ("https://h?q", "https://h/?q"),
        ("https://[2001:DB8::0:1]:444/", "https://[2001:db8::1]:444/"), ("https://h/a@b", "https://h/a@b"),
        ("https://h:/a", "https://h/a"),
    ])
    func `an address is written anew from its parts`(text: String, written: String) throws {
        #expect(try WebAddress(text).description == written)
    }

    @Test(arguments: [
        "", "example.com", "ftp://h/", "https://", "https:///path", "https://user@h/", "https://h@evil/",
        "https://h:0/",
        "https://h:65536/", "https://h:x/", "https://h:+1/", "https://h\\@evil/", "https://h /", "https://h\n/",
        "https://hä/", "https://a..b/", "https://.a/", "https://a./", "https://[::1/", "https://[::1]x/",
        "https://[1.2.3.4]/", "https://[fe80::1%25eth0]/", "https://h%2eevil/", "javascript:alert(1)//https://h/",
        "https://" + String(repeating: "a", count: 64) + "/",
    ])
    func `a URL that could be read two ways is refused and not repeated`(text: String) {
        let error = #expect(throws: NetworkError.self) { try WebAddress(text) }
        #expect(error?.code == .invalidURL)
        #expect(text.utf8.count < 12 || error?.message.contains(text) == false)
    }

    @Test(arguments: [
        ("https://a/x/y?q", "https://b/z", "https://b/z"), ("https://a/x/y?q", "//b/z", "https://b/z"),
        ("https://a/x/y?q", "/z", "https://a/z"), ("https://a/x/y?q", "z", "https://a/x/z"),
        ("https://a/x/y?q", "?r", "https://a/x/y?r"), ("http://a/", "https://a/", "https://a/"),
        ("https://a/x", "z?u=http://c/", "https://a/z?u=http://c/"),
    ])
    func `a location is read as relative to where it was sent`(base: String, location: String, result: String) throws {
        #expect(try WebAddress(base).following(location).description == result)
    }

    @Test func `a redirect never leaves https`() throws {
        let error = #expect(throws: NetworkError.self) { try WebAddress("https://a/").following("http://a/") }
        #expect(error?.code == .invalidURL)
    }
}
