namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="ConsolePortMessage"/> asks for.</summary>
public enum ConsolePortMessageKind : byte
{
    /// <summary>Nothing; the default value is ignored.</summary>
    None,

    /// <summary>Make a client that of the port of a name, whether there is one yet or not.</summary>
    Attach,

    /// <summary>The client leaves its port.</summary>
    Detach,

    /// <summary>Send octets.</summary>
    Send,

    /// <summary>The client gave received buffers back.</summary>
    Resume,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,

    /// <summary>From the driver to itself: the device interrupted, or work is left.</summary>
    Interrupt,

    /// <summary>From the driver to itself: its timer.</summary>
    Deadline,
}
