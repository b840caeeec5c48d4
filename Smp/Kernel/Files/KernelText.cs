namespace Troupe.Smp.Kernel.Files;

/// <summary>Text made in a page: what does not fit is left out.</summary>
internal unsafe struct KernelText
{
    private byte* _start;
    private ulong _capacity;

    /// <summary>Bytes written.</summary>
    internal ulong Length;

    internal void Initialize(byte* start, ulong capacity)
    {
        _start = start;
        _capacity = capacity;
        Length = 0;
    }

    internal void Append(ReadOnlySpan<byte> text)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(text))
        {
            for (int i = 0; i < text.Length; i++)
            {
                Append(first[i]);
            }
        }
    }

    internal void Append(byte* text)
    {
        for (; *text != 0; text++)
        {
            Append(*text);
        }
    }

    internal void AppendDecimal(ulong value)
    {
        ulong divisor = 1;
        while (value / divisor >= 10)
        {
            divisor *= 10;
        }

        for (; divisor != 0; divisor /= 10)
        {
            Append((byte)('0' + (value / divisor % 10)));
        }
    }

    internal void AppendHexadecimal(ulong value)
    {
        int shift = 60;
        while (shift > 0 && value >> shift == 0)
        {
            shift -= 4;
        }

        for (; shift >= 0; shift -= 4)
        {
            uint digit = (uint)(value >> shift) & 15;
            Append((byte)(digit < 10 ? '0' + digit : 'a' + digit - 10));
        }
    }

    private void Append(byte value)
    {
        if (Length < _capacity)
        {
            _start[Length++] = value;
        }
    }
}
