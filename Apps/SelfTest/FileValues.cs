using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace Troupe.Apps.SelfTest;

/// <summary>A file for each value, by System.IO as ordinary code uses it: written beside, in one of three ways, moved into its place, and flushed, because a name is not durable by being moved.</summary>
/// <param name="folder">Where.</param>
/// <param name="flushes">Whether anything is flushed. Without, <c>./troupe test power</c> has to find it out.</param>
internal sealed class FileValues(string folder, bool flushes = true) : IDurableValues
{
    // Any open file will do: a flush makes durable whatever was changed.
    private readonly SafeFileHandle _flushed = File.OpenHandle(Path.Combine(folder, "flushed"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);

    public string Kind => "files";

    public Task<ImmutableArray<byte>> GetAsync(string name) => Task.FromResult(File.Exists(PathOf(name)) ? [.. File.ReadAllBytes(PathOf(name))] : default(ImmutableArray<byte>));

    public Task PutAsync(string name, ImmutableArray<byte> value)
    {
        string beside = PathOf(name) + ".new";
        switch (value.Length % 3)
        {
            case 0:
                // Not flushed before it is moved: what a transaction names is in place before it counts.
                File.WriteAllBytes(beside, [.. value]);
                break;
            case 1:
                using (FileStream stream = new(beside, FileMode.Create))
                {
                    stream.Write(value.AsSpan());
                    stream.Flush(flushes);
                }

                break;
            default:
                using (FileStream stream = new(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = flushes ? FileOptions.WriteThrough : FileOptions.None, BufferSize = 0 }))
                {
                    stream.Write(value.AsSpan()[..(value.Length / 2)]);
                    stream.Write(value.AsSpan()[(value.Length / 2)..]);
                }

                break;
        }

        File.Move(beside, PathOf(name), overwrite: true);
        return FlushAsync();
    }

    public Task DeleteAsync(string name)
    {
        File.Delete(PathOf(name));
        return FlushAsync();
    }

    private Task FlushAsync()
    {
        if (flushes)
            RandomAccess.FlushToDisk(_flushed);
        return Task.CompletedTask;
    }

    private string PathOf(string name) => Path.Combine(folder, name.Replace('/', '-'));
}
