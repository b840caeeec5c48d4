using System.Text;
using Troupe.Tools.Guests;

namespace Troupe.Tools.Tests;

public sealed class SerialTests
{
    [Theory]
    [InlineData("info: Now listening on: http://0.0.0.0:8080", "http", 8080)]
    [InlineData("      Now listening on: https://[::]:8443", "https", 8443)]
    [InlineData("troupe: listening on 10.0.2.15:8080", "http", 8080)]
    public void AListeningGuestIsUnderstood(string line, string scheme, int port) => Assert.Equal((scheme, port), ListenAnnouncement.Read(line));

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("listening on")]
    [InlineData("listening on the stars")]
    public void OtherLinesAreNot(string line) => Assert.Null(ListenAnnouncement.Read(line));

    [Fact]
    public void BytesBecomeLinesHoweverTheyAreCut()
    {
        List<string> lines = [];
        var serial = new SerialLines(lines.Add);
        foreach (var value in Encoding.UTF8.GetBytes("one\r\nzwölf\nlast"))
        {
            serial.Write([value]);
        }

        Assert.Equal(["one", "zwölf"], lines);
        serial.Complete();
        Assert.Equal("last", lines[^1]);
    }

    [Fact]
    public void AGuestThatReadsSaysSoUnseen()
    {
        List<string> lines = [];
        var asked = 0;
        var serial = new SerialLines(lines.Add, () => asked++);
        serial.Write("na"u8);
        Assert.Equal(0, asked);
        serial.Write("\u0011me?\n"u8);
        Assert.Equal(1, asked);
        Assert.Equal(["name?"], lines);
    }

    [Fact]
    public void TheEndOfTheInputIsToldTheGuest()
    {
        var guest = new MemoryStream();
        GuestInput.Forward(new MemoryStream([.. "typed\n"u8]), guest);
        Assert.Equal("typed\n\u0004", Encoding.ASCII.GetString(guest.ToArray()));
    }

    [Fact]
    public void InputThatCannotBeReadIsAtItsEnd()
    {
        var guest = new MemoryStream();
        GuestInput.Forward(new Unreadable(), guest);
        Assert.Equal([4], guest.ToArray());
    }

    [Fact]
    public void AGuestThatIsGoneEndsTheInput()
    {
        using var guest = new MemoryStream();
        guest.Close();
        GuestInput.Forward(new MemoryStream([1]), guest);
        Assert.False(guest.CanWrite);
    }

    [Fact]
    public void AGuestGoneWildDoesNotFillTheHostsMemory()
    {
        List<string> lines = [];
        var serial = new SerialLines(lines.Add);
        serial.Write(new byte[3 * SerialLines.LongestLine]);
        Assert.Equal(3, lines.Count);
    }

    private sealed class Unreadable : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new UnauthorizedAccessException();
    }
}
