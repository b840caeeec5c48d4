using System.Text;
using Troupe.Core.Machine;
using Text = Troupe.Core.Machine.StringObject<Troupe.Core.Tests.FakeMappedMemory>;

namespace Troupe.Core.Tests;

/// <summary>Reading an actor's name out of a heap that may be amid a collection: whatever is there, there is an answer and no fault.</summary>
public sealed unsafe class StringObjectTests
{
    private const ulong Reference = 0x7000_0000_1000, Object = 0x7000_0000_2000, StringType = 0x45_6780;

    private readonly FakeMachine _machine = FakeMachine.Install();

    [Fact]
    public void ANameIsRead() => Assert.Equal("hits", Read(StringOf("hits")));

    [Fact]
    public void AnEmptyNameIsRead() => Assert.Equal("", Read(StringOf("")));

    [Fact]
    public void WhatIsNotPrintableIsShownAsAQuestionMark() => Assert.Equal("caf? ?? ?", Read(StringOf("caf\u00e9 \u4e2d\n \u007f")));

    [Fact]
    public void ALongNameIsCut() => Assert.Equal(new string('x', 16), Read(StringOf(new string('x', 500))));

    [Fact]
    public void MarkBitsOfTheCollectorAreLookedPast() => Assert.Equal("hits", Read(StringOf("hits", StringType | 1)));

    [Fact]
    public void NoObjectIsNoActor()
    {
        _machine.Place(Reference, new byte[8]);
        Assert.Equal(Text.NoObject, Length());
    }

    [Theory]
    [InlineData(0x7000_0000_2004UL)] // not aligned
    [InlineData(0x7000_0009_0000UL)] // not mapped
    [InlineData(ulong.MaxValue - 7)]
    public void AReferenceIntoNowhereIsSaidToBeUnreadable(ulong reference)
    {
        StringOf("hits");
        _machine.Place(Reference, BitConverter.GetBytes(reference));
        Assert.Equal(Text.Unreadable, Length());
    }

    [Fact]
    public void AWordThatIsGoneIsUnreadable() => Assert.Equal(Text.Unreadable, Length());

    [Fact]
    public void AnObjectOfAnotherTypeIsUnreadable()
    {
        StringOf("hits", StringType + 8);
        Assert.Equal(Text.Unreadable, Length());
    }

    [Fact]
    public void TextThatRunsOffTheMappedPagesIsUnreadable()
    {
        // A length that another object left there: far more than there is.
        byte[] bytes = Bytes("hits", StringType);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), -1);
        Place(bytes);
        Assert.Equal(Text.Unreadable, Length());
    }

    [Fact]
    public void AnObjectWhoseLengthIsNotMappedIsUnreadable()
    {
        Place(BitConverter.GetBytes(StringType));
        Assert.Equal(Text.Unreadable, Length());
    }

    private int StringOf(string text, ulong type = StringType)
    {
        Place(Bytes(text, type));
        return text.Length;
    }

    private static byte[] Bytes(string text, ulong type) =>
        [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(text.Length), .. Encoding.Unicode.GetBytes(text)];

    private void Place(byte[] bytes)
    {
        _machine.Place(Object, bytes);
        _machine.Place(Reference, BitConverter.GetBytes(Object));
    }

    private static int Length()
    {
        byte* text = stackalloc byte[16];
        return Text.Read(Reference, StringType, text, 16);
    }

    private static string Read(int placed)
    {
        Assert.True(placed >= 0);
        byte* text = stackalloc byte[16];
        int length = Text.Read(Reference, StringType, text, 16);
        Assert.InRange(length, 0, 16);
        return Encoding.ASCII.GetString(text, length);
    }
}

/// <summary>What the made-up machine holds is mapped, byte by byte; reading anything else throws.</summary>
public readonly struct FakeMappedMemory : IMappedMemory
{
    public static bool IsMapped(ulong address) => FakeMachine.Current.Contains(address, 1);

    public static ushort Read16(ulong address) => (ushort)FakeMachine.Current.ReadMemory(address, 2);

    public static uint Read32(ulong address) => (uint)FakeMachine.Current.ReadMemory(address, 4);

    public static ulong Read64(ulong address) => FakeMachine.Current.ReadMemory(address, 8);
}
