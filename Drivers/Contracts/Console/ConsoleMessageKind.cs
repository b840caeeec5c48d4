namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="ConsoleMessage"/> asks for.</summary>
public enum ConsoleMessageKind : byte
{
    /// <summary>Nothing; ignored.</summary>
    None,

    /// <summary>Print bytes.</summary>
    Write,

    /// <summary>Deliver input to a client from now on.</summary>
    Attach,

    /// <summary>The client has room again.</summary>
    Resume,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,

    /// <summary>From the driver to itself: the device interrupted.</summary>
    Interrupt,
}
