using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Tests;

public sealed class GuestDisksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-disks").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AFileOfWholeSectorsIsADisk() => Assert.Equal([Path.Combine(_folder, "disk")], GuestDisks.Check([File(1024)]));

    [Theory]
    [InlineData(0, "has 0 bytes", "truncate -s 64M")]
    [InlineData(1000, "has 1000 bytes", "truncate -s %512")]
    public void AFileOfAnotherSizeIsNamedWithWhatHelps(int length, string complaint, string hint)
    {
        var error = Assert.Throws<UserError>(() => GuestDisks.Check([File(length)]));
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
        Assert.Contains(hint, error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileIsOneDiskOnly()
    {
        var file = File(512);
        Assert.Contains("stands there twice", Assert.Throws<UserError>(() => GuestDisks.Check([file, Path.Combine(_folder, ".", "disk")])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThereAreNoMoreDisksThanAGuestHasPlacesFor() =>
        Assert.Contains("8 disks at most", Assert.Throws<UserError>(() => GuestDisks.Check([.. Enumerable.Repeat("x", 9)])).Message, StringComparison.Ordinal);

    private string File(int length)
    {
        var file = Path.Combine(_folder, "disk");
        System.IO.File.WriteAllBytes(file, new byte[length]);
        return file;
    }
}
