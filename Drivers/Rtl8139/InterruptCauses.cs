namespace Troupe.Drivers.Rtl8139;

/// <summary>Bits of the interrupt status and mask registers (ISR, IMR).</summary>
[Flags]
internal enum InterruptCauses : ushort
{
    None = 0,

    /// <summary>ROK: a packet is in the ring.</summary>
    Received = 0x0001,

    /// <summary>TOK: a frame was sent.</summary>
    Transmitted = 0x0004,

    /// <summary>TER: a frame was given up.</summary>
    TransmitError = 0x0008,

    /// <summary>RXOVW: a packet found the ring full.</summary>
    RingOverflow = 0x0010,

    /// <summary>PUN/LinkChg: the link came up or went down.</summary>
    LinkChanged = 0x0020,

    /// <summary>FOVW: packets came faster than the bus took them.</summary>
    FifoOverflow = 0x0040,

    /// <summary>Bits that no card sets: they are seen where no card answers, since reads are all ones there.</summary>
    Reserved = 0x1E00,

    /// <summary>SERR: an error on the bus.</summary>
    SystemError = 0x8000,
}
