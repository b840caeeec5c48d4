using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

public sealed class RegisterWindowTests
{
    private const int Length = 16;

    [Fact]
    public void EveryRegisterInsideIsReached()
    {
        var window = new FakeWindow(Length);
        window.Write8(15, 0x12);
        window.Write16(12, 0x3456);
        window.Write32(8, 0x789ABCDE);
        Assert.Equal(0x12, window.Read8(15));
        Assert.Equal(0x3456, window.Read16(12));
        Assert.Equal(0x789ABCDEu, window.Read32(8));
    }

    [Theory]
    [InlineData(1, -1)]
    [InlineData(1, Length)]
    [InlineData(1, int.MinValue)]
    [InlineData(2, Length)]
    [InlineData(2, int.MinValue)]
    [InlineData(4, -4)]
    [InlineData(4, Length)]
    [InlineData(4, int.MaxValue - 3)]
    public void AnAccessOutsideIsRefused(int size, int offset) => AssertRefused(new FakeWindow(Length), size, offset);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, Length - 1)]
    [InlineData(4, 2)]
    [InlineData(4, Length - 1)]
    public void AMisalignedAccessIsRefused(int size, int offset) => AssertRefused(new FakeWindow(Length), size, offset);

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    public void AnAccessWiderThanTheWindowIsRefused(int size, int length) => AssertRefused(new FakeWindow(length), size, 0);

    [Fact]
    public void ASliceBeginsWhereItWasCut()
    {
        var window = new FakeWindow(Length);
        window.Bytes[5] = 0x77;
        var slice = window.Slice(4, 8);
        Assert.Equal(0x77, slice.Read8(1));
        slice.Write32(4, 0xAABBCCDD);
        Assert.Equal(0xAABBCCDDu, window.Read32(8));
    }

    [Fact]
    public void ASliceEndsWhereItWasCut()
    {
        var slice = new FakeWindow(Length).Slice(4, 8);
        AssertRefused(slice, 1, 8);
        AssertRefused(slice, 1, -1);
        AssertRefused(slice, 4, 8);
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(13, 4)]
    [InlineData(0, Length + 1)]
    [InlineData(4, int.MaxValue)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    public void ASliceBeyondTheWindowIsRefused(int offset, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeWindow(Length).Slice(offset, length));

    [Fact]
    public void ASliceOfASliceStaysInsideIt()
    {
        var outer = new FakeWindow(Length).Slice(4, 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => outer.Slice(4, 8));
    }

    [Fact]
    public void ASliceAtAnOddOffsetDoesNotMakeMisalignedAccessesOfAlignedOnes() =>
        AssertRefused(new FakeWindow(Length).Slice(1, 8), 2, 0);

    [Fact]
    public void AnAddressNeedsRoomForBothHalves()
    {
        var memory = new FakeMemory();
        var block = new FakeArena(memory).Allocate(64, 8);
        var window = new FakeWindow(Length);
        window.StoreAddress(8, block, 64);
        Assert.Equal(((FakeBlock)block).Address + 64, BitConverter.ToUInt64(window.Bytes, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => window.StoreAddress(12, block, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => window.StoreAddress(2, block, 0));
    }

    [Fact]
    public void AnAddressOf32BitsTouchesOneRegisterOnly()
    {
        var block = new FakeArena(new FakeMemory(firstAddress: 0)).Allocate(64, 8);
        var window = new FakeWindow(Length);
        Array.Fill(window.Bytes, (byte)0xEE);
        window.Slice(8, 4).StoreAddress32(0, block, 60);
        Assert.Equal(((FakeBlock)block).Address + 60, BitConverter.ToUInt32(window.Bytes, 8));
        Assert.Equal(0xEE, window.Bytes[12]);
        Assert.Throws<ArgumentOutOfRangeException>(() => window.StoreAddress32(2, block, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => window.StoreAddress32(8, block, 65));
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => window.StoreAddress32(8, block, 0));
    }

    [Fact]
    public void ABlockThatEndsBehind4GiBHasNoAddressOf32Bits()
    {
        var block = new FakeArena(new FakeMemory(firstAddress: 0xFEFF_F000)).Allocate(4097, 8);
        Assert.Throws<CapabilityException>(() => new FakeWindow(Length).StoreAddress32(0, block, 0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65)]
    public void AnAddressOutsideTheBlockIsRefused(int offset)
    {
        var block = new FakeArena(new FakeMemory()).Allocate(64, 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeWindow(Length).StoreAddress(0, block, offset));
    }

    [Fact]
    public void TheAddressOfADisposedBlockIsNotGivenToTheDevice()
    {
        var block = new FakeArena(new FakeMemory()).Allocate(64, 8);
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new FakeWindow(Length).StoreAddress(0, block, 0));
    }

    private static void AssertRefused(RegisterWindow window, int size, int offset)
    {
        Action read = size switch { 1 => () => window.Read8(offset), 2 => () => window.Read16(offset), _ => () => window.Read32(offset) };
        Action write = size switch { 1 => () => window.Write8(offset, 0), 2 => () => window.Write16(offset, 0), _ => () => window.Write32(offset, 0) };
        Assert.Throws<ArgumentOutOfRangeException>(read);
        Assert.Throws<ArgumentOutOfRangeException>(write);
    }
}
