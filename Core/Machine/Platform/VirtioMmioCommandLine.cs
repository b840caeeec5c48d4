namespace Troupe.Core.Machine;

/// <summary>
/// Finds virtio-mmio windows on the kernel command line: words <c>virtio_mmio.device=SIZE@ADDRESS:INTERRUPT[:ID]</c>, as Linux'
/// virtio_mmio driver defines them and QEMU's microvm and Firecracker append them. Numbers as the C language writes them
/// (decimal, 0x, 0), sizes and addresses with an optional K, M or G.
/// </summary>
public static unsafe class VirtioMmioCommandLine<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>The longest command line that is looked at: Linux' own limit for x86 is 2,048.</summary>
    public const uint LongestCommandLine = 16 << 10;

    private const ulong SmallestWindow = 0x100; // the registers end and the device's configuration begins at 0x100

    /// <summary>Adds the windows that the command line announces.</summary>
    /// <param name="commandLine">Physical address of the zero-terminated line; 0 for none.</param>
    /// <param name="machine">What to add to.</param>
    /// <returns>How many words were malformed, and left out.</returns>
    public static int Parse(ulong commandLine, MachineDescription* machine)
    {
        int malformed = 0;
        if (commandLine == 0)
            return 0;
        ulong end = commandLine + LongestCommandLine;
        ulong at = commandLine;
        while (at < end)
        {
            while (Peek(at, end) is (byte)' ' or (byte)'\t' or (byte)'\n')
                at++;
            if (Peek(at, end) == 0)
                break;
            ulong value = SkipKey(at, end);
            if (value != 0 && !ParseWord(value, end, machine))
                malformed++;
            while (!IsEndOfWord(Peek(at, end)))
                at++;
        }

        return malformed;
    }

    /// <summary>The address after the key, or 0 when the word has another.</summary>
    private static ulong SkipKey(ulong at, ulong end)
    {
        ReadOnlySpan<byte> key = "virtio_mmio.device="u8;
        fixed (byte* expected = key)
        {
            for (int i = 0; i < key.Length; i++)
            {
                if (Peek(at, end) != expected[i])
                    return 0;
                at++;
            }
        }

        return at;
    }

    private static bool ParseWord(ulong at, ulong end, MachineDescription* machine)
    {
        if (!ParseNumber(ref at, end, true, out ulong size) || !Take(ref at, end, (byte)'@')
            || !ParseNumber(ref at, end, true, out ulong address) || !Take(ref at, end, (byte)':')
            || !ParseNumber(ref at, end, false, out ulong interrupt))
            return false;

        ulong id = ulong.MaxValue;
        if (Peek(at, end) == (byte)':')
        {
            at++;
            if (!ParseNumber(ref at, end, false, out id) || id > int.MaxValue)
                return false;
        }

        if (!IsEndOfWord(Peek(at, end)) || size < SmallestWindow || address == 0 || (address & 3) != 0
            || address + size < address || interrupt > uint.MaxValue)
            return false;

        VirtioMmioWindow* window = MachineDescription.AddVirtioWindow(machine, address);
        if (window == null)
            return true; // known already, or counted as overflow
        InterruptOverride route;
        MachineDescription.ResolveIsaInterrupt(machine, (uint)interrupt, &route);
        window->Length = size;
        window->Interrupt = route.GlobalInterrupt;
        window->Polarity = route.Polarity;
        window->Trigger = route.Trigger;
        window->Id = (int)id;
        return true;
    }

    private static bool ParseNumber(ref ulong at, ulong end, bool allowSuffix, out ulong value)
    {
        value = 0;
        ulong radix = 10;
        if (Peek(at, end) == (byte)'0')
        {
            bool isHexadecimal = (Peek(at + 1, end) | 0x20) == (byte)'x' && Digit(Peek(at + 2, end)) < 16;
            radix = isHexadecimal ? 16ul : 8ul;
            if (isHexadecimal)
                at += 2;
        }

        ulong first = at;
        for (ulong digit; (digit = Digit(Peek(at, end))) < radix; at++)
        {
            if (value > (ulong.MaxValue - digit) / radix)
                return false;
            value = (value * radix) + digit;
        }

        if (at == first)
            return false;
        if (!allowSuffix)
            return true;
        int shift = (Peek(at, end) | 0x20) switch
        {
            'k' => 10,
            'm' => 20,
            'g' => 30,
            _ => 0,
        };
        if (shift == 0)
            return true;
        if (value > ulong.MaxValue >> shift)
            return false;
        value <<= shift;
        at++;
        return true;
    }

    private static bool Take(ref ulong at, ulong end, byte expected)
    {
        if (Peek(at, end) != expected)
            return false;
        at++;
        return true;
    }

    private static ulong Digit(byte character)
    {
        if (character is >= (byte)'0' and <= (byte)'9')
            return (ulong)(character - '0');
        int letter = character | 0x20;
        return letter is >= 'a' and <= 'f' ? (ulong)(letter - 'a' + 10) : ulong.MaxValue;
    }

    private static bool IsEndOfWord(byte character) => character is 0 or (byte)' ' or (byte)'\t' or (byte)'\n';

    private static byte Peek(ulong at, ulong end) => at < end && TPhysical.IsReadable(at, 1) ? TPhysical.Read8(at) : (byte)0;
}
