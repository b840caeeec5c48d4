using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace Troupe.Apps.SelfTest;

/// <summary>A file for each value, by System.IO as ordinary code uses it: written beside, flushed, moved into its place, and flushed again, because a name is not durable by being moved.</summary>
internal sealed class FileValues(string folder) : IDurableValues
{
    // Any open file will do: a flush makes durable whatever was changed.
    private readonly SafeFileHandle _flushed = File.OpenHandle(Path.Combine(folder, "flushed"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    public Task<ImmutableArray<byte>> GetAsync(string name) => Task.FromResult(File.Exists(PathOf(name)) ? [.. File.ReadAllBytes(PathOf(name))] : default(ImmutableArray<byte>));

    public Task PutAsync(string name, ImmutableArray<byte> value)
    {
        string beside = PathOf(name) + ".new";
        using (FileStream stream = new(beside, FileMode.Create))
        {
            stream.Write(value.AsSpan());
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, PathOf(name), overwrite: true);
        RandomAccess.FlushToDisk(_flushed);
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string name)
    {
        File.Delete(PathOf(name));
        RandomAccess.FlushToDisk(_flushed);
        return Task.CompletedTask;
    }

    private string PathOf(string name) => Path.Combine(folder, name.Replace('/', '-'));
}
