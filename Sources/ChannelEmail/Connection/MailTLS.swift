import ChannelNetwork
import Core
import NIOSSL

/// How the certificates of an account's servers are checked: TLS 1.2 at least, the system's certificates and those of a file.
struct MailTLS: Sendable {
    let context: NIOSSLContext

    /// `file` is a PEM file with further certificates to trust; throws when it cannot be read.
    init(trusting file: String?) throws(MailError) {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        do {
            if let file { settings.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))] }
            context = try NIOSSLContext(configuration: settings)
        } catch {
            throw MailError(.tls, "the certificates at \(file ?? "the system's place") cannot be read as PEM: \(error)")
        }
    }

    /// A handler for one connection; a name is checked against the certificate, an address against the one connected to.
    func handler(host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: IPAddress(host) == nil ? host : nil)
    }
}
