import Core
import NIOSSL

/// How servers' certificates are checked.
enum TLSSettings {
    /// TLS 1.2 at least, full verification, the system's certificates and those of the PEM file.
    static func client(trusting file: String?) throws(NetworkError) -> TLSConfiguration {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        guard let file else { return settings }
        do {
            settings.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
        } catch {
            throw NetworkError(.tls, "The certificates at \(file) cannot be read as PEM: \(error)")
        }
        return settings
    }
}
