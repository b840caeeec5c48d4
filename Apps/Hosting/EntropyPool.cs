using Troupe.Net.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>Randomness of the host's own generator; no cryptography library needs to be linked for it.</summary>
public sealed class EntropyPool : IRandomness
{
    private const string Source = "/dev/urandom";

    private readonly FileStream _source = new(Source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 256);
    private readonly Lock _reading = new();

    /// <inheritdoc/>
    public void Fill(Span<byte> bytes)
    {
        lock (_reading)
            _source.ReadExactly(bytes);
    }
}
