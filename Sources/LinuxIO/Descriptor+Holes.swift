package import Glibc

extension Descriptor {
    /// Visits the parts of a regular file's first `size` bytes that lie on the disk, in order; between them are holes, which
    /// take no room there and read as zeros.
    ///
    /// All of it is one part where the file system does not tell. Moves the file's offset.
    package func forEachExtent(size: off_t, _ visit: (Range<off_t>) throws -> Void) rethrows {
        // SEEK_DATA and SEEK_HOLE, which Swift does not import.
        let (data, hole): (Int32, Int32) = (3, 4)
        var place: off_t = 0
        while place < size {
            let start = lseek(number, place, data)
            // Behind the last data.
            if start < 0, errno == ENXIO { return }
            let begin = start < 0 ? place : start
            guard begin < size else { return }
            let stop = lseek(number, begin, hole)
            let end = stop <= begin ? size : min(stop, size)
            try visit(begin..<end)
            place = end
        }
    }

    /// How many of a regular file's first `size` bytes lie in holes; leaves the offset at the file's beginning.
    package func holes(size: Int) -> Int {
        var held = 0
        forEachExtent(size: off_t(size)) { held += $0.count }
        lseek(number, 0, SEEK_SET)
        return size - held
    }
}
