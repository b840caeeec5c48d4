namespace Troupe.Drivers.Rtl8139;

/// <summary>Bits of the command register (CR).</summary>
[Flags]
internal enum Command : byte
{
    None = 0,

    /// <summary>BUFE, read only: there is no packet in the receive ring.</summary>
    RingEmpty = 0x01,

    /// <summary>TE.</summary>
    TransmitterEnable = 0x04,

    /// <summary>RE.</summary>
    ReceiverEnable = 0x08,

    /// <summary>RST: reads as one until the reset is complete.</summary>
    Reset = 0x10,
}
