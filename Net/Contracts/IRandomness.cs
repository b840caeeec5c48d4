namespace Troupe.Net.Contracts;

/// <summary>Where secrets, ports and transaction numbers come from; tests seed it, machines read their entropy.</summary>
public interface IRandomness
{
    /// <summary>Fills bytes that nobody can guess.</summary>
    void Fill(Span<byte> bytes);
}
