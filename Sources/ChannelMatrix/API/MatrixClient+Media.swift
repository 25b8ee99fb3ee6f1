import ChannelNetwork
import Core
import LinuxIO

extension MatrixClient {
    /// Time for a file, by its size: a slow line is given its time, a silent one is not waited for all day.
    private static func deadline(_ size: Int64) -> Duration { .seconds(60 + size / (128 << 10)) }

    /// Puts a file on the server; answers with its `mxc://` URI.
    func upload(_ file: Descriptor, size: Int64, type: String, name: String?) async throws(MatrixError) -> String {
        let query = name.map { [("filename", $0)] } ?? []
        var call = try request(.post, "media/v3", ["upload"], query, deadline: Self.deadline(size))
        call.body = .file(file, size: size, type: type)
        return try id(try read(try await send(call), of: "the upload"), "content_uri", "the file")
    }

    /// Fetches a file of the server or of one it federates with, to a file; answers with the SHA-256 of its bytes.
    func download(_ media: MediaReference, to file: Descriptor, limit: Int64) async throws(MatrixError) -> HTTPDownload
    {
        var call = try request(
            .get,
            "client/v1",
            ["media", "download", media.server, media.id],
            // A file that nobody has put there yet is not waited for.
            [("timeout_ms", "2000")],
            deadline: Self.deadline(min(limit, media.size ?? limit))
        )
        do { call.hosts = try HostRule(hosts: [], origins: [base]) } catch {
            throw MatrixError(.network(error.code), error.message)
        }
        do {
            switch try await http.download(call, to: file, limit: limit) {
            case .saved(let download): return download
            case .refused(let reply): throw failure(reply, of: "the download")
            }
        } catch let error as NetworkError {
            throw MatrixError(.network(error.code), error.message)
        } catch let error as MatrixError {
            throw error
        } catch {
            throw MatrixError(.answer, "The file cannot be kept", cause: error)
        }
    }
}
