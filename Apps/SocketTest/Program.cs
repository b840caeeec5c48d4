using Troupe.Apps.Hosting;
using Troupe.Apps.SocketTest;

// System.Net.Sockets put to the test, hosted on Linux's sockets and in a guest on our own: `conformance [PREFIX]` (the default) prints a line a case, the same
// lines on both but for tests/Guest/SocketDifferences.txt; `echo [ROUNDS]` and `http URL` are clients as programs have them;
// `interfaces [ADDRESS:PORT...]` lists the interfaces and has a line echoed by each server.
UnikernelBuilder builder = Unikernel.CreateBuilder(args);
await using UnikernelApplication app = builder.Build();
await app.StartAsync();
string[] words = builder.Arguments;
return (words.Length > 0 ? words[0] : "conformance") switch
{
    "conformance" => await Conformance.RunAsync(words.Length > 1 ? words[1] : ""),
    "echo" => await Clients.EchoAsync(words.Length > 1 ? int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture) : 1000),
    "http" when words.Length > 1 => await Clients.GetAsync(new Uri(words[1])),
    "interfaces" => await Interfaces.ReachAsync(words.Skip(1)),
    _ => Refuse(),
};

static int Refuse()
{
    Console.WriteLine("say conformance [PREFIX], echo [ROUNDS], http URL or interfaces [ADDRESS:PORT...]");
    return 64;
}
