using System.Runtime.InteropServices;
using Troupe.Core.Machine.Xen;

namespace Troupe.Core.Tests.Xen;

/// <summary>The ring to the toolstack's console, with the test as its reader.</summary>
public sealed unsafe class XenConsoleRingTests : IDisposable
{
    private const int PageBytes = 4096, Size = 2048, Output = 1024, Consumer = 3080, Producer = 3084;

    private readonly byte* _page = (byte*)NativeMemory.AllocZeroed(PageBytes);

    public void Dispose() => NativeMemory.Free(_page);

    [Fact]
    public void BytesComeOutInOrderAroundTheEnd()
    {
        *(uint*)(_page + Producer) = *(uint*)(_page + Consumer) = uint.MaxValue - 2;
        foreach (var letter in "troupe"u8)
        {
            XenConsoleRing.Put((ulong)_page, letter);
        }

        List<byte> read = [];
        for (var at = *(uint*)(_page + Consumer); at != *(uint*)(_page + Producer); at++)
        {
            read.Add(_page[Output + (at % Size)]);
        }

        Assert.Equal("troupe"u8.ToArray(), read);
    }

    [Fact]
    public void AFullRingHasNoRoom()
    {
        for (var count = 0; count < Size; count++)
        {
            Assert.Equal((uint)(Size - count), XenConsoleRing.Room((ulong)_page));
            XenConsoleRing.Put((ulong)_page, (byte)'x');
        }

        Assert.Equal(0u, XenConsoleRing.Room((ulong)_page));
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(0x8000_0000u)]
    public void AReaderThatClaimsWhatWasNotWrittenMakesAFullRing(uint consumer)
    {
        *(uint*)(_page + Consumer) = consumer;
        Assert.Equal(0u, XenConsoleRing.Room((ulong)_page));
    }
}
