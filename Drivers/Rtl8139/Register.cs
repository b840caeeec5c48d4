// Realtek RTL8139C(L)+ data sheet, section 6: register descriptions.
namespace Troupe.Drivers.Rtl8139;

/// <summary>Where the card's registers are, in bytes, with the data sheet's names.</summary>
internal static class Register
{
    /// <summary>IDR0 to IDR5: the card's address, the first octet on the wire first.</summary>
    public const int HardwareAddress = 0x00;

    /// <summary>MAR0 to MAR7: a bit for each hash of a group address.</summary>
    public const int GroupFilter = 0x08;

    /// <summary>TSD0 to TSD3, 32 bits each: length and state of a frame to send; writing it sends.</summary>
    public const int TransmitStatus = 0x10;

    /// <summary>TSAD0 to TSAD3: 32-bit addresses of the frames to send.</summary>
    public const int TransmitAddress = 0x20;

    /// <summary>RBSTART: 32-bit address of the receive ring.</summary>
    public const int ReceiveRing = 0x30;

    /// <summary>CR: a <see cref="Rtl8139.Command"/>.</summary>
    public const int Command = 0x37;

    /// <summary>CAPR: how far the driver has read, less 16.</summary>
    public const int ReadPosition = 0x38;

    /// <summary>CBR: how far the card has written.</summary>
    public const int WritePosition = 0x3A;

    /// <summary>IMR: the <see cref="InterruptCauses"/> that interrupt.</summary>
    public const int InterruptMask = 0x3C;

    /// <summary>ISR: the <see cref="InterruptCauses"/> there were; ones written clear.</summary>
    public const int InterruptStatus = 0x3E;

    /// <summary>TCR.</summary>
    public const int TransmitConfiguration = 0x40;

    /// <summary>RCR.</summary>
    public const int ReceiveConfiguration = 0x44;

    /// <summary>MSR: what the card knows of the wire.</summary>
    public const int MediaStatus = 0x58;
}
