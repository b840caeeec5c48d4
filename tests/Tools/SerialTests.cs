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
    public void AGuestGoneWildDoesNotFillTheHostsMemory()
    {
        List<string> lines = [];
        var serial = new SerialLines(lines.Add);
        serial.Write(new byte[3 * SerialLines.LongestLine]);
        Assert.Equal(3, lines.Count);
    }
}
