using Troupe.Apps.ClientTest;
using Troupe.Apps.ClientTest.Clients;
using Troupe.Apps.ClientTest.Web;
using Troupe.Apps.Hosting;

// What .NET people use, as it comes from NuGet, on our sockets and in the TLS image (docs/clients.md). `serve` is a web application; the other words
// name the group of cases that runs against servers elsewhere. Hosted on Linux it prints the same lines.
string group = args.FirstOrDefault(static word => !word.Contains('=', StringComparison.Ordinal) && !word.StartsWith('-')) ?? "";
if (group == "serve")
{
    await WebServer.RunAsync(args);
    return Environment.ExitCode;
}

UnikernelBuilder builder = Unikernel.CreateBuilder(args);
await using UnikernelApplication app = builder.Build();
await app.StartAsync();
Servers servers = new(builder.Arguments);
switch (group)
{
    case "get":
        return await HttpCases.GetEachAsync(builder.Arguments.SkipWhile(static word => word != "get").Skip(1));
    case "http":
        return await HttpCases.RunAsync(servers);
    case "postgres":
        return await PostgresCases.RunAsync(servers);
    case "redis":
        return await RedisCases.RunAsync(servers);
    case "nats":
        return await NatsCases.RunAsync(servers);
    default:
        Console.WriteLine("say serve, get URL..., or http, postgres, redis or nats with host=ADDRESS and NAME=PORT for each server");
        return 64;
}
