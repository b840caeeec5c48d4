using System.Security.Cryptography;

namespace Troupe.Verification.Fuzzing;

/// <summary>A target's inputs in its folder, a file each, named by what is in it.</summary>
internal sealed class Corpus(string folder)
{
    /// <summary>The inputs there are, the shortest first.</summary>
    public IReadOnlyList<byte[]> Read() => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).OrderBy(static input => input.Length)];

    /// <summary>Writes an input; answers its file.</summary>
    public string Add(ReadOnlySpan<byte> input)
    {
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, NameOf(input));
        File.WriteAllBytes(file, input);
        return file;
    }

    /// <summary>Keeps these inputs and no others.</summary>
    public void Replace(IReadOnlyList<byte[]> inputs)
    {
        HashSet<string> kept = [.. inputs.Select(input => Add(input))];
        foreach (string file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (!kept.Contains(file))
                File.Delete(file);
        }
    }

    private static string NameOf(ReadOnlySpan<byte> input) => Convert.ToHexStringLower(SHA256.HashData(input))[..16];
}
