using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Io;

/// <summary>The file that is the disk of both guests, in this host's memory: full of random bytes, so that no page of it is missing, and gone at the end.</summary>
internal sealed class BackingFile : IDisposable
{
    private const string SharedMemory = "/dev/shm";
    private const int Megabytes = 256;
    private const int Chunk = 1024 * 1024;

    private BackingFile(string path) => Path = path;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>What pages say of it.</summary>
    public string Description => $"{Megabytes} MB of random bytes in {System.IO.Path.GetDirectoryName(Path)}, format raw, cache=writeback, aio=threads";

    /// <summary>Writes it.</summary>
    public static BackingFile Create()
    {
        var directory = Directory.Exists(SharedMemory) ? SharedMemory : System.IO.Path.GetTempPath();
        var file = new BackingFile(System.IO.Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"troupe-bench-io-{Environment.ProcessId}.img")));
        try
        {
            using var stream = File.Create(file.Path);
            var chunk = new byte[Chunk];
            for (var written = 0; written < Megabytes; written++)
            {
                Random.Shared.NextBytes(chunk);
                stream.Write(chunk);
            }

            return file;
        }
        catch (IOException failure)
        {
            file.Dispose();
            throw new UserError($"the guests' disk cannot be written: {failure.Message}", $"It takes {Megabytes} MB in {directory}.", ExitCodes.Broken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(Path);
}
