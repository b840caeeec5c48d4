namespace Troupe.Smp.Host;

/// <summary>What <see cref="DeviceFaults"/> has a device do that it may not do, or that no driver may rely on.</summary>
internal enum DeviceFault
{
    /// <summary>The used index runs ahead: completions that were never written.</summary>
    IndexAhead,

    /// <summary>It runs back.</summary>
    IndexBack,

    /// <summary>It is anything.</summary>
    IndexAnywhere,

    /// <summary>A completion with a number that names nothing, or anything of the ring.</summary>
    WrongIdentifier,

    /// <summary>A completion with a length of any 32 bits.</summary>
    WrongLength,

    /// <summary>The last completion once more.</summary>
    DuplicateCompletion,

    /// <summary>Anything in some octets of the ring, the words by which the two ask each other for interrupts and notifications included.</summary>
    Garbage,

    /// <summary>Hundreds of interrupts without a cause.</summary>
    InterruptStorm,

    /// <summary>Some interrupts do not arrive.</summary>
    LostInterrupt,

    /// <summary>The device is reset behind its driver's back, and answers nothing any more.</summary>
    Dead,
}
