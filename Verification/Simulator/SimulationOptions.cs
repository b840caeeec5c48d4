namespace Troupe.Verification.Simulator;

/// <summary>What is simulated. The rest follows from the seed.</summary>
public sealed record SimulationOptions
{
    /// <summary>Hosts on the network; each sends to the next, two of them one to the other.</summary>
    public int Hosts { get; init; } = 2;

    /// <summary>Octets that each sender sends; what comes back is up to a quarter of it.</summary>
    public int Octets { get; init; } = 256 * 1024;

    /// <summary>The kinds of faults; null for a mix that follows from the seed.</summary>
    public FaultKinds? Kinds { get; init; }

    /// <summary>Kinds that are left out of the mix.</summary>
    public FaultKinds Without { get; init; }

    /// <summary>From when on there are faults.</summary>
    public TimeSpan FaultsFrom { get; init; }

    /// <summary>When they end at the latest; the seed may say earlier.</summary>
    public TimeSpan FaultsUntil { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long everything may take once faults have stopped.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>Messages that any mailbox holds at most.</summary>
    public int MailboxCapacity { get; init; } = int.MaxValue;
}
