namespace Troupe.Net.Contracts;

/// <summary>
/// How many octets all connections together may hold, received and not read or written and not acknowledged. When they hold as many, each connection keeps its
/// least share, and whoever has more waits: peers that read slowly cannot take the memory of the others.
/// </summary>
public sealed class TcpBufferBudget(long octets, int share)
{
    private long _held;

    /// <summary>What a connection may hold in each direction, however much the others do.</summary>
    public int Share { get; } = share;

    /// <summary>Octets held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Whether as many are held as may.</summary>
    public bool IsExhausted => Held >= octets;

    /// <summary>Octets are held, or with a negative number given back.</summary>
    public void Add(long count) => Interlocked.Add(ref _held, count);
}
