using Troupe.Core.Machine.Xen;
using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// The kernel's own output: a polled 16550 UART at COM1 (PC16550D data sheet), the same port the serial console driver serves
/// as an actor; in a Xen domain, which has no such port, the ring of <see cref="XenConsole"/>. Lines of different processors do not mix while <see cref="Enter"/> holds the lock; a panic ignores it.
/// </summary>
public static unsafe class KernelConsole
{
    private const ushort Port = 0x3F8;
    private const ushort LineStatus = Port + 5;
    private const byte TransmitterEmpty = 0x20;

    // A UART that never becomes ready (none is there: the bus reads all ones, which says ready) must not stop the guest.
    private const int ReadyLimit = 100_000;

    // The depth of the transmitter's FIFO: an empty one takes so many bytes without being asked again.
    private const ulong FifoDepth = 16;

    // Bochs, QEMU and Xen (its port for messages of guests) log it; others ignore it.
    private const ushort DebugPort = 0xE9;

    private static int _held;
    private static bool _isLast;

    /// <summary>115200 baud, 8 data bits, no parity, one stop bit, FIFO on, interrupts off.</summary>
    public static void Initialize()
    {
        Instructions.Out8(Port + 1, 0);
        Instructions.Out8(Port + 3, 0x80);
        Instructions.Out8(Port, 1);
        Instructions.Out8(Port + 1, 0);
        Instructions.Out8(Port + 3, 3);
        Instructions.Out8(Port + 2, 0xC7);
        Instructions.Out8(Port + 4, 0xB);
    }

    /// <summary>Takes the console for a message of several parts. Interrupts are off.</summary>
    public static void Enter()
    {
        while (ProcessorMemory.Exchange(ref _held, 1) != 0)
        {
            KernelProcessors.Pause();
        }
    }

    /// <summary>Takes the console if it is free.</summary>
    public static bool TryEnter() => ProcessorMemory.Exchange(ref _held, 1) == 0;

    /// <summary>Gives the console back.</summary>
    public static void Leave() => ProcessorMemory.StoreRelease(ref _held, 0);

    /// <summary>Takes the console from whoever had it: the machine is about to end. What is said from now on goes to the hypervisor's log as well.</summary>
    public static void Seize()
    {
        _held = 1;
        _isLast = true;
    }

    /// <summary>Writes bytes; a line feed goes out as it is.</summary>
    public static void Write(byte* text, ulong length)
    {
        for (ulong i = 0; i < length; i++)
        {
            Put(text[i]);
        }
    }

    /// <summary>Writes as many bytes as the port takes without waiting, and says how many.</summary>
    public static ulong WriteReady(byte* text, ulong length)
    {
        if (XenConsole.IsOpen)
        {
            return XenConsole.WriteReady(text, length);
        }

        ulong written = 0;
        while (written < length && (Instructions.In8(LineStatus) & TransmitterEmpty) != 0)
        {
            ulong end = length - written < FifoDepth ? length : written + FifoDepth;
            for (; written < end; written++)
            {
                Instructions.Out8(Port, text[written]);
            }
        }

        return written;
    }

    /// <summary>Writes a literal.</summary>
    public static void Write(ReadOnlySpan<byte> text)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(text))
        {
            Write(first, (ulong)text.Length);
        }
    }

    /// <summary>Writes zero-terminated text of at most <paramref name="limit"/> bytes.</summary>
    public static void WriteTerminated(byte* text, int limit)
    {
        for (int i = 0; i < limit && text[i] != 0; i++)
        {
            Put(text[i]);
        }
    }

    /// <summary>Writes a number in decimal.</summary>
    public static void WriteDecimal(ulong value)
    {
        ulong divisor = 1;
        while (value / divisor >= 10)
        {
            divisor *= 10;
        }

        for (; divisor != 0; divisor /= 10)
        {
            Put((byte)('0' + (value / divisor % 10)));
        }
    }

    /// <summary>Writes a number in hexadecimal with <c>0x</c> and no leading zeros.</summary>
    public static void WriteHexadecimal(ulong value)
    {
        Put((byte)'0');
        Put((byte)'x');
        int shift = 60;
        while (shift > 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            uint digit = (uint)(value >> shift) & 15;
            Put((byte)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        }
    }

    private static void Put(byte value)
    {
        if (_isLast)
        {
            Instructions.Out8(DebugPort, value);
        }

        if (XenConsole.IsOpen)
        {
            XenConsole.Put(value);
            if (value == (byte)'\n')
            {
                XenConsole.Notify();
            }

            return;
        }

        for (int i = 0; i < ReadyLimit && (Instructions.In8(LineStatus) & TransmitterEmpty) == 0; i++)
        {
            Instructions.Pause();
        }

        Instructions.Out8(Port, value);
    }
}
