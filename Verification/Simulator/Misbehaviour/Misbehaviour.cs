namespace Troupe.Verification.Simulator;

/// <summary>What a device does that it may not do, or that no driver may rely on.</summary>
public enum Misbehaviour
{
    /// <summary>The used index, or what the device has of it, runs ahead of what it was given.</summary>
    IndexAhead,

    /// <summary>It runs back.</summary>
    IndexBack,

    /// <summary>A completion with a number that names nothing.</summary>
    WrongIdentifier,

    /// <summary>A completion of a buffer that was not offered.</summary>
    NotOffered,

    /// <summary>The same completion twice.</summary>
    DuplicateCompletion,

    /// <summary>More octets than the buffer holds, or fewer than were asked for.</summary>
    WrongLength,

    /// <summary>Anything in the headers and status octets that stand before and behind data.</summary>
    HeaderGarbage,

    /// <summary>Anything in buffers that the device has and has not given back.</summary>
    BufferGarbage,

    /// <summary>Anything anywhere in the rings, the driver's own part included.</summary>
    RingGarbage,

    /// <summary>The words by which the two ask each other for interrupts and notifications.</summary>
    EventGarbage,

    /// <summary>Registers read as anything for a while.</summary>
    RegisterGarbage,

    /// <summary>The configuration changes under way, to anything.</summary>
    ConfigurationChange,

    /// <summary>The device says that it needs a reset, or that it failed.</summary>
    AsksForReset,

    /// <summary>It answers nothing any more.</summary>
    Dead,

    /// <summary>Resets do not come to an end for a while; of a Xen device: the other half keeps the pages that are wanted back.</summary>
    ResetHangs,

    /// <summary>Hundreds of interrupts without a cause, each as soon as the one before was dealt with.</summary>
    InterruptStorm,

    /// <summary>An interrupt without a cause.</summary>
    SpuriousInterrupt,

    /// <summary>Completions of which no interrupt tells.</summary>
    LostInterrupt,
}
