using Troupe.Core.Machine;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Where a protocol runs: Coyote or the explorer. A body of the protocol is a processor; it can halt and be interrupted.
/// </summary>
internal interface IWorld : IProcessors
{
    /// <summary>The protocol that is running.</summary>
    static abstract Protocol Protocol { get; }

    /// <summary>Halts (<c>sti; hlt</c>) until an interrupt waits for the calling processor.</summary>
    static abstract void Halt();

    /// <summary>Whether an interrupt waits for the calling processor, and takes it.</summary>
    static abstract bool Take(ProcessorInterrupt reason);
}
