using System.Runtime.CompilerServices;
using Troupe.Core.Machine.Memory;
using Copy = Troupe.Core.Machine.Memory.UserCopy<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.NativePhysical, Troupe.Core.Tests.Memory.HostedTranslation, Troupe.Core.Tests.Memory.UserCopyTests.SoftwareCopy>;

namespace Troupe.Core.Tests.Memory;

[Collection("physical memory")]
public sealed unsafe class UserCopyTests : IDisposable
{
    private const ulong Page = PageSize.Small;
    private const MemoryProtection ReadWrite = MemoryProtection.Read | MemoryProtection.Write;

    private static HostedAddressSpace? _host;
    private static Action? _beforeCopy;

    private readonly HostedAddressSpace _space = new();

    public UserCopyTests()
    {
        _host = _space;
        _beforeCopy = null;
    }

    public void Dispose()
    {
        _space.Dispose();
        _host = null;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4095, 2)]
    [InlineData(100, 10_000)]
    [InlineData(0, 16384)]
    public void MissingPagesAreFetchedWhileCopying(int offset, int length)
    {
        ulong address = _space.Map(4 * Page, ReadWrite) + (ulong)offset;
        length = Math.Min(length, (4 * 4096) - offset);
        byte[] data = new byte[length];
        new Random(1).NextBytes(data);
        byte[] back = new byte[length];
        fixed (byte* from = data, to = back)
        {
            Assert.True(Copy.TryWrite(_space.Space, address, from, (ulong)length));
            Assert.True(Copy.TryRead(_space.Space, to, address, (ulong)length));
        }

        Assert.Equal(data, back);
    }

    [Fact]
    public void WritingToReadOnlyMemoryIsRefused()
    {
        ulong address = _space.Map(Page, MemoryProtection.Read);
        byte value = 1;
        Assert.False(Copy.TryWrite(_space.Space, address, &value, 1));
        Assert.True(Copy.TryRead(_space.Space, &value, address, 1));
        Assert.Equal(0, value);
    }

    [Fact]
    public void ACopyThatRunsOffTheEndOfItsRegionIsRefused()
    {
        ulong address = _space.Map(2 * Page, ReadWrite);
        byte[] buffer = new byte[8192];
        fixed (byte* to = buffer)
        {
            Assert.False(Copy.TryRead(_space.Space, to, address + Page, Page + 1));
            Assert.False(Copy.TryRead(_space.Space, to, 0, 1));
        }
    }

    [Theory]
    [InlineData(ulong.MaxValue, 1UL)]
    [InlineData(0x0000_7FFF_FFFF_0000, 0x10000UL)]
    [InlineData(0x1000UL, ulong.MaxValue)]
    [InlineData(0xFFFF_8000_0000_0000, 8UL)]
    public void AddressesOutsideTheLowerHalfAreRefusedUntouched(ulong address, ulong length)
    {
        byte value = 1;
        Assert.False(Copy.TryRead(_space.Space, &value, address, length));
    }

    [Fact]
    public void APageTakenAwayJustBeforeTheCopyIsFetchedAgain()
    {
        ulong address = _space.Map(Page, ReadWrite);
        _space.Write(address, 1);
        int times = 3;
        _beforeCopy = () =>
        {
            if (times-- > 0)
                _space.DontNeed(address, Page);
        };
        byte value = 9;
        Assert.True(Copy.TryRead(_space.Space, &value, address, 1));
        Assert.Equal(0, value);
    }

    [Fact]
    public void APageTakenAwayForeverEndsInAnErrorAndNotInALoop()
    {
        ulong address = _space.Map(Page, ReadWrite);
        _beforeCopy = () => _space.DontNeed(address, Page);
        byte value;
        Assert.False(Copy.TryRead(_space.Space, &value, address, 1));
    }

    [Fact]
    public void MemoryUnmappedJustBeforeTheCopyIsAnError()
    {
        ulong address = _space.Map(Page, ReadWrite);
        _space.Write(address, 1);
        _beforeCopy = () => _space.Unmap(address, Page);
        byte value;
        Assert.False(Copy.TryRead(_space.Space, &value, address, 1));
    }

    /// <summary>The copy routine with the page tables walked in software: stops at the first byte whose entry forbids the access.</summary>
    public struct SoftwareCopy : IFaultingCopy
    {
        public static ulong Copy(void* destination, void* source, ulong bytes)
        {
            _beforeCopy?.Invoke();
            ulong done = 0;
            while (done < bytes && Reach((byte*)source + done, false, out byte* from) && Reach((byte*)destination + done, true, out byte* to))
            {
                Unsafe.Write(to, *from);
                done++;
            }

            return bytes - done;
        }

        // The kernel's own memory is the test's; addresses of the address space are translated.
        private static bool Reach(byte* address, bool write, out byte* memory)
        {
            memory = address;
            ulong at = (ulong)address;
            if (!_host!.Space->Query(at, out ulong start, out _, out _, out RegionKind kind) || start > at || kind == RegionKind.Break)
                return at > 1UL << 44 && at < 1UL << 47;
            if (!_host.Table->Translate(at, out ulong physical, out PageFlags flags) || (write && (flags & PageFlags.Writable) == 0))
                return false;
            memory = NativePhysical.At(physical);
            return true;
        }
    }
}
