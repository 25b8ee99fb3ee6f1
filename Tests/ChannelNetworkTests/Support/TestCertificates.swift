import TestSupport

/// A certificate authority of a test's own and a server certificate by it, made with the command `openssl`.
struct TestCertificates {
    /// The authority's certificate.
    let authority: String
    let certificate: String
    let key: String

    /// A certificate for `localhost` and `files.test`, and for 127.0.0.1 too if asked.
    static func make(in folder: String, withAddress: Bool = false) async throws -> TestCertificates {
        let script = """
            cd "$0"
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
                -subj /CN=test-authority -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr \
                -subj /CN=server
            printf 'subjectAltName=DNS:localhost,DNS:files.test%s\\n' "$1" > extensions
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
                -extfile extensions
            """
        _ = try await Judge.run("/bin/sh", ["-ec", script, folder, withAddress ? ",IP:127.0.0.1" : ""])
        return TestCertificates(
            authority: "\(folder)/ca.pem",
            certificate: "\(folder)/server.pem",
            key: "\(folder)/server.key"
        )
    }
}
