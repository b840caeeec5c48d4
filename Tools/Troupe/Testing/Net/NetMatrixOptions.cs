namespace Troupe.Tools.Testing.Net;

/// <summary>What <c>troupe test net</c> is asked to do.</summary>
internal sealed record NetMatrixOptions
{
    /// <summary>What decides which frames are harmed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Links whose name contains this; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>What crosses the clean link.</summary>
    public long CleanBytes { get; init; } = 1L << 30;

    /// <summary>Guests of so many processors.</summary>
    public IReadOnlyList<int> Processors { get; init; } = [1, 2];

    /// <summary>The IP versions by which they are moved.</summary>
    public IReadOnlyList<int> Versions { get; init; } = [4, 6];

    /// <summary>Whether a Linux guest does the same.</summary>
    public bool WithPeer { get; init; } = true;
}
