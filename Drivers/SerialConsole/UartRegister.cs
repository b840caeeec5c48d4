// National Semiconductor PC16550D data sheet, section 8: registers.
namespace Troupe.Drivers.SerialConsole;

/// <summary>Register offsets and bits of a 16550 UART.</summary>
internal static class UartRegister
{
    /// <summary>Bytes of the register window.</summary>
    public const int WindowLength = 8;

    /// <summary>Read: received byte. Write: byte to send.</summary>
    public const int Data = 0;

    public const int InterruptEnable = 1;
    public const byte EnableReceived = 0x01;
    public const byte EnableTransmitEmpty = 0x02;

    /// <summary>Read: why it interrupts. Write: FIFO control.</summary>
    public const int InterruptIdentification = 2;
    public const byte NoInterruptPending = 0x01;

    public const int FifoControl = 2;

    /// <summary>FIFOs on, interrupt at 8 received bytes or a pause of four; nothing is cleared.</summary>
    public const byte EnableFifos = 0x81;

    public const int LineControl = 3;
    public const byte EightDataBitsNoParity = 0x03;

    public const int ModemControl = 4;
    /// <summary>Data terminal ready, request to send, and OUT2, which connects the interrupt on a PC.</summary>
    public const byte ReadyAndInterruptsOn = 0x0B;

    public const int LineStatus = 5;
    public const byte DataReady = 0x01;
    public const byte ReceiveErrors = 0x0E;
    public const byte TransmitHoldingEmpty = 0x20;

    public const int Scratch = 7;

    /// <summary>Bytes that fit into the transmit FIFO once it is empty.</summary>
    public const int FifoSize = 16;
}
