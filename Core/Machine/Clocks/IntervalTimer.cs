namespace Troupe.Core.Machine;

/// <summary>
/// The 8254 programmable interval timer, used as a reference of known frequency only. A channel counts down once from 65,536
/// (mode 0), which takes 54.9 ms; the read-back command latches count and output pin in one instant, so a window that was
/// overslept shows as such and is not mistaken for a short one.
/// </summary>
public static class IntervalTimer<TPorts>
    where TPorts : struct, IPorts
{
    /// <summary>Ticks per second: a third of the PC's colour-burst crystal.</summary>
    public const ulong Frequency = 1_193_182;

    private const ushort Channel0Port = 0x40;
    private const ushort CommandPort = 0x43;
    private const ushort SystemControlPort = 0x61; // bit 0: gate of channel 2, bit 1: speaker
    private const byte GateAndSpeaker = 0b11;
    private const byte Gate = 0b01;

    /// <summary>
    /// Opens the gate of channel 2, with the speaker off.
    /// </summary>
    /// <returns>False where port 0x61 is missing (QEMU's microvm): channel 0 must do, which has no gate.</returns>
    public static bool TryOpenGate()
    {
        byte control = (byte)((TPorts.In8(SystemControlPort) & ~GateAndSpeaker) | Gate);
        TPorts.Out8(SystemControlPort, control);
        return (TPorts.In8(SystemControlPort) & GateAndSpeaker) == Gate;
    }

    /// <summary>Closes the gate of channel 2 again.</summary>
    public static void CloseGate() =>
        TPorts.Out8(SystemControlPort, (byte)(TPorts.In8(SystemControlPort) & ~GateAndSpeaker));

    /// <summary>Starts the count-down.</summary>
    public static void Start(int channel)
    {
        TPorts.Out8(CommandPort, (byte)((channel << 6) | 0x30)); // both bytes, mode 0, binary
        ushort port = (ushort)(Channel0Port + channel);
        TPorts.Out8(port, 0);
        TPorts.Out8(port, 0); // 0 stands for 65,536
    }

    /// <summary>Latches count and status: the instant that <see cref="ReadLatched"/> tells of.</summary>
    public static void Latch(int channel) => TPorts.Out8(CommandPort, (byte)(0xC0 | (2 << channel)));

    /// <summary>Reads what was latched.</summary>
    /// <returns>Ticks since the start, or -1 when the count has run out, is not loaded yet, or there is no timer.</returns>
    public static int ReadLatched(int channel)
    {
        ushort port = (ushort)(Channel0Port + channel);
        byte status = TPorts.In8(port);
        int count = TPorts.In8(port);
        count |= TPorts.In8(port) << 8;
        const int OutputHigh = 0x80, CountNotLoaded = 0x40, ModeAndFormat = 0x3F, BothBytesMode0 = 0x30;
        if ((status & (OutputHigh | CountNotLoaded)) != 0 || (status & ModeAndFormat) != BothBytesMode0)
            return -1;
        return (0x1_0000 - count) & 0xFFFF;
    }
}
