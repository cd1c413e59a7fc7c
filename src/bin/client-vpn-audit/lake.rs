//! The lake of a command that reads one and makes no calls to EC2.

use client_vpn_audit::aws::identity::OwnSession;
use client_vpn_audit::aws::sdk;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::{InvalidInput, InvalidInputs};
use client_vpn_audit::invocation::handler::InvocationError;
use client_vpn_audit::lake::store::{Location, Store};

use super::args::{environment, flag_name};

/// Opens the lake of the flag or of `AUDIT_LAKE`, unless the flags have `faults`: all are reported at once.
pub async fn open(
    lake: Option<&str>,
    region: Option<&str>,
    mut faults: InvalidInputs,
) -> Result<(Location, Store), InvocationError> {
    let name = "--lake (AUDIT_LAKE)";
    let text = lake.map(str::to_owned);
    let text =
        text.or_else(|| environment().find_map(|(name, value)| (name == "AUDIT_LAKE").then_some(value)));
    let location = match text {
        None => {
            Err(InvalidInput::without_value(name, "is not set; set it to s3://bucket/prefix or a directory"))
        }
        Some(text) => {
            Location::parse(&text).map_err(|error| InvalidInput::new(name, &text, error.to_string()))
        }
    };
    if let Ok(Location::Directory(path)) = &location
        && !path.is_dir()
    {
        faults.push(InvalidInput::new(name, &path.display().to_string(), "a directory that is there"));
    }
    let location = faults.keep(location);
    let Some(location) = faults.or(location).map_err(InvocationError::InvalidSettings)? else {
        return Err(InvocationError::InvalidSettings(InvalidInputs::default()));
    };
    // A directory needs no credentials, and asking for a Region may take seconds.
    let store = match location {
        Location::Directory(_) => Store::new(&location, &aws_config::SdkConfig::builder().build(), None),
        Location::S3 { .. } => {
            let sdk = sdk::load(region.map(str::to_owned), environment()).await;
            let sdk = sdk.map_err(|faults| InvocationError::InvalidSettings(faults.renamed(flag_name)))?;
            let (sdk, _) = OwnSession::begin(sdk, Clock::system());
            Store::new(&location, &sdk, None)
        }
    };
    Ok((location, store))
}
