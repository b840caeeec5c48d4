using System.Runtime.InteropServices;
using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>Physical memory is a sparse private mapping of the test process: address 0 is its first byte.</summary>
public unsafe struct NativePhysical : IDirectMap
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;

    private static byte* _base;
    private static ulong _length;

    public static byte* At(ulong physical)
    {
        if (physical >= _length)
            throw new InvalidOperationException($"physical address {physical:x} is outside the machine");
        return _base + physical;
    }

    public static void ClearFrame(ulong physical) => new Span<byte>(At(physical), (int)PageSize.Small).Clear();

    public static void Create(ulong length)
    {
        Destroy();
        nint address = Map(0, (nuint)length, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        if (address == -1)
            throw new InvalidOperationException("mmap failed");
        _base = (byte*)address;
        _length = length;
    }

    public static void Destroy()
    {
        if (_base != null && Unmap((nint)_base, (nuint)_length) != 0)
            throw new InvalidOperationException("munmap failed");
        _base = null;
        _length = 0;
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static extern int Unmap(nint address, nuint length);
}
